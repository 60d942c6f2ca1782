"""English sentences for the reasons of a container."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- a container that leaves ---
    "asked_to_stop": "asked to stop ({signal})",
    "drained": "drained by the dispatcher",
    "drained_by": "drained by {by}",
    "idle": "idle",
    "interrupted": "interrupted",
    "redis_gone": "Redis did not answer for longer than SCENEBURST_REDIS_PATIENCE_S",
    "scratch_used_up": "the scratch space is used up",
    "worker_failed": "the worker program failed; its log has the error",
    # --- an attempt that failed ---
    "brings_no_items": "the items that it brings are no collection, but of type {type}",
    "brings_too_many": "it brings more than {limit} items; bring fewer, each of which brings some more",
    "facts_unusable": "the facts in its result cannot be stored as JSON: {problem}",
    "nothing_made": "kind {kind} returned a {type} instead of what it made",
    "not_set_up": "this container is not set up: {problem}",
    "unexpected": "unexpected: {error}",
    "worker_out_of_memory": "the worker itself ran out of memory",
    # --- warnings of a result ---
    "charset_damaged": (
        "subtitles: the file is in {encoding}, but some bytes of it are not, and are shown as \ufffd; save it as UTF-8"
    ),
    "charset_guessed": (
        "subtitles: the file seems to be in {encoding}, and may be in another encoding; save it as UTF-8, or name its language"
    ),
    "cues_after_end": "subtitles: {cues:1 cue begins|# cues begin} after the narration's end, and {cues:is|are} not shown",
    "cues_backwards": "subtitles: {cues:1 cue|# cues} without a length or of a negative one {cues:was|were} left out",
    "cues_before_start": "subtitles: {cues:1 cue|# cues} before the beginning (negative times) {cues:was|were} left out",
    "cues_crowded": (
        "subtitles: {cues:1 cue begins|# cues begin} while {most:1 other is|# others are} shown, and "
        "{cues:waits for them, or was|wait for them, or were} left out"
    ),
    "cues_cut_short": "subtitles: {cues:1 cue|# cues} of more than {limit} characters {cues:was|were} cut short",
    "cues_unreadable": ("subtitles: {cues:1 cue whose times cannot be read was|# cues whose times cannot be read were} left out"),
    "fade_shortened": "a fade was made shorter, as a scene beside it is shorter than two fades",
    "glyphs_missing": (
        "{input}: no font has {count:1 of the characters, which was|# of the characters, which were} left out ({characters})"
    ),
    "music_damaged": "music is damaged: {packets:1 packet was|# packets were} left out",
    "narration_damaged": "narration is damaged: {packets:1 packet was|# packets were} left out",
    "profile_broken": "{input}: its colour profile is broken or of another colour model, so it was taken as sRGB",
    "subtitles_empty": "the subtitle file has no cue that could be shown",
    "subtitles_outside": "no subtitle falls inside the narration",
    "text_cut": "subtitles: the text of {cues:1 cue|# cues} did not fit on the frame and was cut short",
    "title_cut": "title: it needs more than the {lines} lines of the title card, and was cut short there",
    # --- an item and its inputs ---
    "av1_unavailable": "codec av1 needs an ffmpeg with libsvtav1, which {program} is not; choose h264, or install one",
    "file_empty": "{input}: {uri} is empty, 0 bytes",
    "inputs_too_costly": (
        "reading the inputs takes more than {limit_s} s of CPU time: a picture or a sound is damaged, or was made to take so "
        "long; save it again"
    ),
    "input_at": "{input}: {uri}",
    "item_malformed": "the item is malformed: {problems:; }",
    "item_misplaced": (
        "an item of kind {kind:quoted} v{version} stood among those of another need; has another program written to this queue?"
    ),
    "roots_missing": (
        "it may not use {folders}, which the dispatcher promises: start this container worker with SCENEBURST_FILE_ROOTS={roots}"
    ),
    "subtitles_of": "subtitles of {place}",
    # --- a picture ---
    "jpeg_scans": (
        "{input} is a JPEG with too many scans: they decode {decoded_mp} megapixels, and {limit_mp} are allowed; save it "
        "as a baseline JPEG"
    ),
    "picture_beyond_limit": "{input} has more than the {limit_mp} megapixels allowed",
    "picture_damaged": "{input} is damaged: {problem}",
    "picture_too_large": "{input} is {width_px}x{height_px} pixels, more than the {limit_mp} megapixels allowed",
    "picture_unreadable": "{input} is not a picture in a format that is read ({formats})",
    # --- a sound ---
    "sound_damaged": "{input} is damaged: {damaged} of {packets} packets cannot be decoded",
    "sound_empty": "{input} is empty: no sound could be decoded",
    "sound_missing": "{input} has no sound in it",
    "sound_parts": "{input} was joined of more than the {limit} files allowed; render it as several scenes",
    "sound_too_long": "{input} lasts longer than the {limit_h:g} hours allowed; make several of it",
    "sound_too_short": "{input} lasts {length_s:.3f} s; the shortest allowed is {least_s:g} s",
    "sound_unreadable": "{input} is not a sound file that can be read ({problem}); {formats} can",
    # --- subtitles ---
    "cues_too_many": "{input} has {cues} cues, more than the {limit} allowed",
    "subtitles_too_large": "{input} has {bytes} bytes, more than the {limit} that subtitles may have",
    "subtitles_unreadable": (
        "{input} is not an SRT, WebVTT, ASS or SSA subtitle file: no line 'HH:MM:SS,mmm --> HH:MM:SS,mmm' in it"
    ),
    # --- a scene in a film ---
    "scene_cut_short": "{input}: of the frames {first} to {end} only {decoded} could be decoded",
    "scene_unlike_film": (
        "{input} is {width_px}x{height_px} at {fps} fps in {codec}; the film is {film_width_px}x{film_height_px} at "
        "{film_fps} fps in {film_codec}; render the scene with the film's options"
    ),
    "scene_unreadable": "{input} is not a rendered scene: {problem}",
    "scene_without_video": "{input} is not a rendered scene: it has no picture",
    # --- a source of a transcoding: refused ---
    "codec_not_in_container": "{container} files cannot hold {codec} video; choose another container or codec",
    "crf_not_of_codec": "crf {crf} is out of range for {codec}, whose largest is {limit}",
    "preset_not_of_codec": (
        "{codec} has no preset {preset:quoted}; those of h264 and h265 are ultrafast to placebo, those of av1 0 to 13"
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
    # --- a source of a transcoding: notes ---
    "data_left_out": "stream {stream} ({codec}, neither picture nor sound nor subtitles) is left out",
    "hdr_in_eight_bits": (
        "the source is HDR ({transfer}), and H.264 is made with 8 bits: colours may show bands; choose h265 or av1 to keep it"
    ),
    "hdr_metadata": "the source has HDR metadata ({kinds}); what the encoder does not keep of it is lost",
    "not_divided_avi": "the source is encoded as a whole: H.264 with B-frames in AVI has no reliable times",
    "not_divided_copied": "the source is copied as a whole, so there is nothing to divide",
    "not_divided_elementary": "the source is encoded as a whole: a raw stream has no times",
    "not_divided_format": "the source is encoded as a whole: {format} files cannot be read exactly from within",
    "not_divided_no_keyframe": "the source is encoded as a whole: no frame in it is marked as a keyframe",
    "not_divided_packed": "the source is encoded as a whole: it has several frames in one packet (packed B-frames)",
    "not_divided_pts_missing": "the source is encoded as a whole: {frames:1 frame has|# frames have} no time",
    "not_divided_pts_repeated": "the source is encoded as a whole: {frames:1 frame repeats|# frames repeat} the time of another",
    "not_divided_pts_reset": "the source is encoded as a whole: its clock jumps",
    "picture_left_out": "stream {stream} ({codec}), a further picture such as a cover, is left out",
    "picture_mirrored": "the source asks players to mirror its picture, which is not done",
    "pixels_reduced": "the source's pixel format, {given}, becomes {made}, which has fewer bits or less colour detail",
    "rendition_above_source": "rendition {rendition} is left out, as the source's shorter side has {source_px} pixels only",
    "rendition_not_copied": "rendition {rendition} is left out, as copied video keeps its size",
    "sound_left_out": "stream {stream} (sound, {codec}) is left out, as {container} files cannot hold it",
    "source_cut_short": "the source ends within a frame; {frames:its last frame is|its last # frames are} left out",
    "source_starts_late": (
        "the source begins between keyframes; {frames:1 frame is|# frames are} left out, as no decoder can make {frames:it|them}"
    ),
    "stream_of_other_program": "stream {stream} ({codec}) belongs to another program of the source, and is left out",
    "subtitles_left_out": "stream {stream} (subtitles, {codec}) is left out, as {container} files cannot hold it",
    "track_converted": "track {track} is converted from {codec} to {made}, as the container cannot hold it",
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
    "segment_unlike_source": (
        "frame {frame} of {rendition}, in segment {segment}, does not show the source's frame: they differ by {difference} of "
        "255 levels"
    ),
    # --- checks of joined files ---
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
    "picture_foreign": (
        "{rendition}: {frames:1 frame does|# frames do} not show what the source shows; the worst is frame {frame} in "
        "segment {segment}, {difference:g} of 255 levels off"
    ),
    "pictures_as_source": (
        "{rendition}: {frames:1 frame|# frames} compared with the source, at most {difference:g} of 255 levels off"
    ),
    "pictures_displaced": "{rendition}: segment {segment} shows the source's frames {shift} too late or too early",
    "plan_strays": "plan.json names {uri}, which is not under the output {output}; nothing was published",
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
    "verification_failed": "the joined files are not what was planned, and nothing was published: {problems:; }",
    # --- a track, and a joined rendition ---
    "join_frames_differ": (
        "segment {segment} has {found:1 frame|# frames}, and the plan has {expected}: its files are not those of this plan; "
        "submit the job again"
    ),
    "join_headers_differ": (
        "the segments of {rendition} have different headers, and one file cannot hold them: they come from different encoders; "
        "let all containers run one image, and submit the job again"
    ),
    "join_packet_differs": (
        "packet {packet}, in segment {segment}, is not the one that was encoded: the file is damaged; submit the job again"
    ),
    "join_track_differs": "a packet of track {track} is not the one that was made: the file is damaged; submit again",
    "track_empty": "track {track} of the source has no packets that can be read",
    "track_not_made": "ffmpeg {ending} while it made a track",
    "track_packets_differ": (
        "track {track} has {expected:1 packet|# packets}, and its copy has {found} or others: it cannot be copied; convert it "
        "(--audio aac)"
    ),
    # --- limits ---
    "cpu_exceeded": "{program} used more CPU time than it may",
    "disk_full": "no space is left on a disk or in a quota of this container ({problem})",
    "file_size_exceeded": "{program} wrote a larger file than it may",
    "memory_exceeded": "{program} used more memory than it may, or was killed by the system",
    "rendering_file_size": "rendering wrote a larger file than it may",
    "rendering_memory": "rendering needs more memory than it may use",
    "rendering_memory_for": "rendering needs more memory than it may use ({problem})",
    "scratch_full": "no space left in the scratch folder",
    "scratch_full_during": "no space left in the scratch folder while {program} ran",
    "time_exceeded": "{program} ran longer than {limit_s:g} s",
    "too_slow": (
        "rendering takes some {needed_min:1 minute|# minutes} at this rate, and an item may take {limit_min:.0f} "
        "(SCENEBURST_ITEM_TIMEOUT_S): shorten it, choose a smaller resolution or frame rate, or raise the limit"
    ),
    # --- tools that fail ---
    "ended_by_signal": "{program} {ending}",
    "ended_with_code": "{program} {ending}",
    "fade_not_encoded": "ffmpeg {ending} while it encoded a fade",
    "film_not_muxed": "ffmpeg {ending} while it put picture and sound together",
    "loudness_not_measured": "ffmpeg {ending} while it measured loudness",
    "loudness_not_reported": "ffmpeg reported no loudness",
    "output_missing": "{file} was not made",
    "poster_not_made": "no frame of the finished video could be decoded for its poster",
    "program_not_run": "{program} cannot be executed ({problem})",
    "scene_not_encoded": "ffmpeg {ending} while it encoded the scene",
    "subtitles_not_drawn": "ffmpeg {ending} while it drew subtitles",
    # --- the renderer, which is not trusted ---
    "renderer": "the renderer",
    "renderer_left_another": "{file} is not delivered: the renderer left something else there than a regular file of its own",
    "renderer_made_nothing": "the renderer has not made {file}",
    "renderer_said_too_much": "the renderer sent more messages than any work needs, and was stopped",
    "renderer_unintelligible": "the renderer sent a message that cannot be read: {message:quoted}",
    "renderer_without_result": "the renderer ended without a result",
    # --- an item that is handed back ---
    "item_expired": "job {job_id} has expired",
    "item_stopped": "{item} was stopped before its end",
    "item_stopped_waiting": "{item} was stopped before it began",
    "lease_lost": "the lease was lost",
    "program_stopped": "{program} was stopped",
    "redis_silent": "Redis did not answer any more",
    "redis_silent_before": "Redis did not answer any more before the item began",
    "redis_silent_stopped": "stopped while Redis did not answer",
    # --- the container ---
    "container_id_unusable": (
        "{container_id:quoted} is not a usable container id: letters, digits, '.', '_' and '-' only, 1 to 128"
    ),
    "descriptors_short": (
        "only {left:1 more file|# more files} can be opened, and an item needs {needed}: raise the limit of {limit} (ulimit -n)"
    ),
    "ffmpeg_broken": "{program} cannot be started any more, though it was at first; look for it on this machine",
    "ffmpeg_missing": "no ffmpeg {oldest} or newer with libx264 and libass: install one, or `pip install imageio-ffmpeg`",
    "ffmpeg_unusable": "{setting} names {program}, which is not an ffmpeg {oldest} or newer with libx264 and libass",
    "folder_unwritable": "{folder} cannot be written to ({problem})",
    "font_of_pictures": "{path} is a font of pictures instead of outlines, which cannot be drawn; choose another font",
    "isolation_allows_files": "the program that tries it could read a file outside its folder",
    "isolation_allows_leaving": "the program that tries it could leave its process group",
    "isolation_allows_sockets": "the program that tries it could open a socket",
    "isolation_keeps_user": "the program that tries it did not become another user",
    "isolation_needs_root": "only root can give each child a user of its own",
    "isolation_trial_ended": "the program that tries it {ending}",
    "isolation_unsupported": "not supported on {system} {machine}",
    "scratch_vanished": "the scratch folder {folder} vanished while an item was in it",
}
