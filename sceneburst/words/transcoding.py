"""English sentences for the reasons of a container that transcodes."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- a source of a transcoding: refused ---
    "codec_not_in_container": "a file in {container} cannot hold {codec} video; choose another container or codec",
    "level_too_low": (
        "level {level} of {codec} is too low for rendition {rendition} ({width_px} × {height_px}, {frames_per_s} frames per "
        "second); choose a higher one, or leave it out"
    ),
    "codec_not_in_hls": "HLS has no {codec} video, so it cannot be copied into an HLS ladder; encode it (h264), or leave out hls",
    "source_clock_set_back": (
        "{input}: its clock is set back within, as where recordings were put one behind the other, so that no frame behind that "
        "place has a time; cut it there into several files"
    ),
    "source_codec_unknown": "{input}: the codec of its video, {codec}, cannot be decoded; convert it to a usual one first",
    "source_encrypted": "{input} is encrypted or protected by DRM, and cannot be transcoded; use a copy without protection",
    "source_has_too_many_frames": "{input} has more than {limit} frames; cut it into several files",
    "source_incomplete": (
        "{input} is an MP4 or MOV whose index (moov) is missing or cut short, as after an interrupted recording or upload; "
        "upload it again, or repair it"
    ),
    "source_is_picture": "{input} is a picture ({format}), not a video",
    "source_is_playlist": "{input} is a playlist or refers to other files ({format}); submit the video files themselves",
    "source_is_text": "{input} is a text file, not a video",
    "source_too_large": "{input}: its picture is {width_px} × {height_px} pixels, more than {limit_px} on a side",
    "source_too_long": "{input} is longer than {limit_s} s; cut it into several files",
    "source_unreadable": "{input} cannot be read as a video: {problem}",
    "source_without_frames": "{input} has a video stream without any frame that could be shown",
    "source_without_video": "{input} has no video stream",
    "vmaf_of_hdr": "{input} is HDR ({transfer}), for which VMAF is not defined; give a constant rate factor instead of a VMAF",
    "vmaf_of_small": (
        "rendition {rendition} is {size} pixels, and VMAF is measured from {limit_px} pixels a side on; give a "
        "constant rate factor instead of a VMAF"
    ),
    "vmaf_unavailable": "{program} cannot measure VMAF; use an ffmpeg with libvmaf, or give a constant rate factor instead",
    # --- a source of a transcoding: notes ---
    "codec_not_kept": "the source's codec, {codec}, is not one that is encoded for {container}; its picture is made in {made}",
    "data_left_out": "stream {stream} ({codec}, neither picture nor sound nor subtitles) is left out",
    "deinterlaced": "the source is interlaced, and is deinterlaced: each of its frames becomes a progressive one",
    "hdr_in_eight_bits": (
        "the source is HDR ({transfer}), and its picture is made with 8 bits: colours may show bands; choose h265 or av1, which "
        "have 10 bits, or --tone-map to make SDR of it"
    ),
    "hdr_left_out": "the source's HDR metadata of the kind {kind} is left out; static HDR10 metadata is kept",
    "no_subtitles_of_text": "the source has no subtitles that are text, so no WebVTT file is made",
    "not_divided_avi": "the source is encoded as a whole: H.264 with B-frames in AVI has no reliable times",
    "not_divided_copied": "the source is copied as a whole, so there is nothing to divide",
    "not_divided_elementary": "the source is encoded as a whole: a raw stream has no times",
    "not_divided_format": "the source is encoded as a whole: a file in {format} cannot be read exactly from within",
    "not_divided_no_keyframe": "the source is encoded as a whole: no frame in it is marked as a keyframe",
    "not_divided_packed": "the source is encoded as a whole: it has several frames in one packet (packed B-frames)",
    "not_divided_pts_missing": "the source is encoded as a whole: {frames:1 frame has|# frames have} no time",
    "not_divided_pts_repeated": "the source is encoded as a whole: {frames:1 frame repeats|# frames repeat} the time of another",
    "not_divided_pts_reset": "the source is encoded as a whole: its clock jumps",
    "not_hdr": "the source is not HDR (its transfer function is {transfer}), so no tones were mapped",
    "picture_left_out": "stream {stream} ({codec}), a further picture such as a cover, is left out",
    "pixels_reduced": "the source's pixel format, {given}, becomes {made}, which has fewer bits or less colour detail",
    "rendition_above_source": "rendition {rendition} is left out, as the source's shorter side has {source_px} pixels only",
    "rotation_left_out": (
        "the picture is copied, and players show it without its rotation of {degrees}°, which a file in {container} cannot hold; "
        "choose another container, or encode it"
    ),
    "sound_left_out": "stream {stream} (sound, {codec}) is left out, as a file in {container} cannot hold it",
    "source_cut_short": "the source ends within a frame; {frames:its last frame is|its last # frames are} left out",
    "source_ends_early": "the source is damaged, and is used up to the damaged place only",
    "source_starts_late": (
        "the source begins between keyframes; {frames:1 frame is|# frames are} left out, as no decoder can make {frames:it|them}"
    ),
    "stream_empty": "stream {stream} ({codec}) has not a single packet, and is left out",
    "stream_of_other_program": "stream {stream} ({codec}) belongs to another program of the source, and is left out",
    "subtitles_left_out": "stream {stream} (subtitles, {codec}) is left out, as a file in {container} cannot hold it",
    "subtitles_without_text": (
        "stream {stream} (subtitles, {codec}) is no text that can be read, as it consists of pictures or has no decoder here; no "
        "WebVTT file is made of it"
    ),
    "texts_not_utf8": (
        "stream {stream} (subtitles, {codec}) has {texts:1 text that is|# texts that are} not UTF-8, and {texts:is|are} left out "
        "where it is converted"
    ),
    "tone_mapped": (
        "the source is HDR ({transfer}), and became SDR (BT.709): {peak_nits} cd/m² are white; its HDR metadata is "
        "left out on purpose"
    ),
    "track_converted": "track {track} is converted from {codec} to {made}, as the container cannot hold it",
    "track_converted_as_it_changes": (
        "track {track} is converted from {codec} to {made}, because its sample rate or channels change midway"
    ),
    "track_converted_for_hls": (
        "track {track} is converted from {codec} to {made}, as all sounds of an HLS ladder have one codec, and one that HLS has"
    ),
    "vmaf_capped": (
        "rendition {rendition} needs {needed_kbps} kbit/s in places for its VMAF; the cap of {max_kbps} kbit/s holds it below"
    ),
    "vmaf_of_beginning": "the VMAF was measured on the first {measured_s} s only, as no other place can be found in the source",
    "vmaf_out_of_reach": (
        "a VMAF of {target:g} is out of reach for rendition {rendition}; the nearest is about {predicted:g}, with crf {crf:g}"
    ),
    # --- a segment of a source ---
    "encoder_differs": (
        "this container has ffmpeg {found}, and the source was probed with {expected}: segments of one video must come from one "
        "build; let all containers run one image, or submit the job again"
    ),
    "segment_frames_differ": (
        "segment {segment} of {rendition} has {found:1 frame|# frames}, and the plan has {expected}: the source cannot be "
        "divided as planned, or is damaged there"
    ),
    "segment_keyframe_missing": (
        "frame {frame} of {rendition}, in segment {segment}, is no keyframe, though the plan has one there: the source cannot be "
        "divided as planned"
    ),
    "segment_not_encoded": "ffmpeg {ending} while it encoded a segment",
    "segment_outside_spans": (
        "segment {segment} could not be encoded from the parts of the source that its plan names: the whole source was read"
    ),
    "vmaf_not_measured": "ffmpeg {ending} while it measured VMAF",
    "segment_unlike_source": (
        "frame {frame} of {rendition}, in segment {segment}, does not show the source's frame: they differ by {difference} of "
        "255 levels"
    ),
    "watermark_changed": "{input} has changed since the source was probed; submit the job again",
    "stills_missing": "ffmpeg made {found:1 picture|# pictures} of frames of segment {segment}; {expected} were planned",
    # --- checks of joined files ---
    "colours_not_sdr": (
        "{rendition}: frames that were mapped to SDR say {space}, {primaries}, {transfer}, range {levels}{metadata:, and have "
        "HDR metadata|}; BT.709 and limited range were planned"
    ),
    "captions_as_source": "subtitles {rendition}: {cues:1 cue|# cues}, with text, at the times of the source's",
    "captions_differ": (
        "subtitles {rendition}: the file has {found:1 cue|# cues}, the source {planned}; the first that is wrong is cue {cue}"
    ),
    "captions_unreadable": "subtitles {rendition}: the WebVTT file cannot be read",
    "decoding_order_broken": (
        "{rendition}: packet {packet} has a decoding time before that of the packet before it, or after its own frame's"
    ),
    "duration_as_planned": "{rendition}: {duration_s:.3f} s",
    "duration_differs": "{rendition}: the joined file lasts {duration_s:.3f} s; {planned_s:.3f} s were planned",
    "frame_times_off": (
        "{rendition}: the times of {frames:1 frame|# frames} are wrong; the first is frame {first}, {off_ms:g} ms off"
    ),
    "frames_as_planned": "{rendition}: {frames:1 frame|# frames} as planned, at most {off_ms:g} ms off",
    "frames_miscounted": (
        "{rendition}: the joined file has {found:1 frame|# frames}; {encoded} were encoded, and {planned} were planned"
    ),
    "frames_undecodable": "{rendition}: {frames:1 frame|# frames} at joins cannot be decoded; the first is frame {first}",
    "headers_as_encoded": "{rendition}: the headers of {segments:1 segment|# segments} are those of the file",
    "headers_differ": "{rendition}: segment {segment} was encoded with other headers than the joined file has",
    "joined_read": "{rendition}: {bytes:1 byte|# bytes}",
    "sound_as_source": "{rendition}: {tracks:1 encoded track|# encoded tracks} compared with the source, {lag_ms:g} ms off",
    "sound_has_hole": "{rendition}: track {track} is silent at {at_s:g} s for {length_s:g} s, where the source is not",
    "sound_lags": "{rendition}: the sound of track {track} is {lag_ms:g} ms off at {at_s:g} s",
    "joined_without_picture": "{rendition}: the joined file has no picture",
    "joined_unreadable": "{rendition}: the joined file cannot be read ({problem})",
    "joins_decoded": "{rendition}: {joins:1 join|# joins} and keyframes decoded, {frames:1 frame|# frames}",
    "not_compared": "{rendition}: not compared, as no frame of the source was decoded",
    "packets_as_encoded": (
        "{rendition}: {packets:1 packet|# packets} of {segments:1 segment|# segments}, in order, as they were encoded"
    ),
    "packets_foreign": (
        "{rendition}: {packets:1 packet is not the one|# packets are not those} that the items reported to have "
        "encoded; the first is in segment {segment}"
    ),
    "picture_as_planned": "{rendition}: {width_px}x{height_px} in {codec}",
    "picture_differs": (
        "{rendition}: the joined file is {width_px}x{height_px} in {codec}; {planned_width_px}x{planned_height_px} in "
        "{planned_codec} was planned"
    ),
    "picture_format_differs": (
        "{rendition}: the joined file has {pix_fmt}, profile {profile} and level {level}; {planned_pix_fmt}, profile "
        "{planned_profile} and level {planned_level} were planned"
    ),
    "picture_foreign": (
        "{rendition}: {frames:1 frame does|# frames do} not show what the source shows; the worst is frame {frame} in "
        "segment {segment}, {difference:g} of 255 levels off"
    ),
    "pictures_as_source": (
        "{rendition}: {frames:1 frame|# frames} compared with the source, at most {difference:g} of 255 levels off"
    ),
    "pictures_displaced": "{rendition}: segment {segment} shows frames of the source {shift} beside those that it should",
    "plan_strays": "plan.json names {uri}, which is not under the output {output}; nothing was published",
    "poster_as_source": "{rendition}: the poster, {width_px}x{height_px}, shows a frame of the source",
    "poster_foreign": "{rendition}: the poster does not show the source's frame that it was made of",
    "sprites_as_source": "{rendition}: {pictures:1 picture|# pictures} for seeking show the source's frames at their times",
    "sprites_times_differ": (
        "{rendition}: the WebVTT file of the pictures for seeking has {found:1 cue|# cues} and {planned} were planned, or others"
    ),
    "sprite_foreign": "{rendition}: picture {picture} for seeking does not show the source's frame at its time",
    "sprite_misplaced": "{rendition}: the cue of picture {picture} for seeking names no such part of the sheet",
    "still_of_other_size": "{rendition}: the poster is {width_px}x{height_px}, and not as large as the rendition",
    "still_unreadable": "{rendition}: a picture that was made beside the video cannot be read",
    "report_unusable": "{file} is no report of this transcoding ({problem}); submit the job again",
    "track_foreign": (
        "{rendition}: {packets:1 packet of track {track} is not the one|# packets of track {track} are not those} that "
        "its item reported"
    ),
    "track_shifted": "{rendition}: track {track} is shifted by {shift_ms:g} ms against the picture",
    "tracks_as_planned": (
        "{rendition}: {packets:1 packet|# packets} of {tracks:1 track|# tracks}, in order, as they were copied or encoded"
    ),
    "tracks_in_sync": "{rendition}: tracks and picture are at most {shift_ms:g} ms off",
    "tracks_miscounted": "{rendition}: the joined file has {found:1 track|# tracks} beside the picture; {planned} were planned",
    "verification_failed": "the joined files are not what was planned ({checks}), and nothing was published: {problems:; }",
    "watermark_foreign": (
        "{rendition}: frame {frame} does not show the watermark on the source's frame; they differ by {difference:g} of 255 "
        "levels"
    ),
    "watermark_invisible": "{rendition}: nothing of the watermark can be seen, as it is transparent or outside the frame",
    "watermark_shown": (
        "{rendition}: the watermark is on {frames:1 frame|# frames} compared with the source, at most {difference:g} of 255 "
        "levels off"
    ),
    # --- checks of an HLS ladder ---
    "hls_as_planned": (
        "{rendition}: {segments:1 HLS segment|# HLS segments} with {packets:1 packet|# packets}, at most {off_ms:g} ms off"
    ),
    "hls_keyframe_missing": "{rendition}: HLS segment {segment} does not begin with a keyframe",
    "hls_ladder_as_planned": "{rungs:1 rung|# rungs} cut alike into {segments:1 segment|# segments}; the master playlist agrees",
    "hls_length_wrong": "{rendition}: the playlist's length of HLS segment {segment} is {off_ms:g} ms off, or above its target",
    "hls_master_wrong": "the master playlist tells another {attribute} of {rung} than its files have",
    "hls_packets_foreign": (
        "{rendition}: {packets:1 packet of the HLS file is not the one|# packets of the HLS file are not those} that the items "
        "reported, or its headers are others"
    ),
    "hls_ranges_wrong": (
        "{rendition}: the byte range of HLS segment {segment} does not fit its file, whose fragments follow one another without "
        "holes"
    ),
    "hls_rungs_apart": "{rung}: HLS segment {segment} does not begin when that of the other files does",
    "hls_text_as_checked": "{rendition}: the WebVTT file that was checked, with the clock of the ladder",
    "hls_text_differs": "{rendition}: the subtitles of the HLS ladder are not those that were checked, or have another clock",
    "hls_times_off": (
        "{rendition}: the times of {packets:1 packet|# packets} of the HLS file are wrong; the first is {off_ms:g} ms off"
    ),
    "hls_unreadable": "{rendition}: the HLS file or its playlist cannot be read ({problem})",
    # --- a track, and a joined rendition ---
    "join_frames_differ": (
        "segment {segment} has other frames than the plan, or at other times ({found:1 frame|# frames}, {expected} planned): its "
        "files are not those of this plan; submit the job again"
    ),
    "join_headers_differ": (
        "the segments of {rendition} have different headers, and one file cannot hold them: they come from different encoders; "
        "let all containers run one image, and submit the job again"
    ),
    "join_packet_differs": (
        "packet {packet}, in segment {segment}, is not the one that was encoded: the file is damaged; submit the job again"
    ),
    "join_file_unusable": "{file} is damaged, or no file that this transcoding has made ({problem}); submit the job again",
    "join_track_differs": "a packet of track {track} is not the one that was made: the file is damaged; submit again",
    "track_empty": "track {track} of the source has no packets that can be read",
    "track_not_made": "ffmpeg {ending} while it made a track",
    "track_packets_differ": (
        "track {track} has {expected:1 packet|# packets}, and its copy has {found} or others: it cannot be copied; convert it "
        "(--audio aac)"
    ),
}
