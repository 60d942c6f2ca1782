"""Codes of the reasons that a container reports: problems of an item, and of the container itself."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/` has a sentence for every code."""

    # --- a container that leaves ---
    ASKED_TO_STOP = "asked_to_stop"
    DRAINED = "drained"
    #: By an operator.
    DRAINED_BY = "drained_by"
    IDLE = "idle"
    INTERRUPTED = "interrupted"
    REDIS_GONE = "redis_gone"
    SCRATCH_USED_UP = "scratch_used_up"
    #: The worker program itself failed.
    WORKER_FAILED = "worker_failed"

    # --- an attempt that failed ---
    BRINGS_NO_ITEMS = "brings_no_items"
    BRINGS_TOO_MANY = "brings_too_many"
    #: The result's further details cannot be written as JSON.
    FACTS_UNUSABLE = "facts_unusable"
    NOTHING_MADE = "nothing_made"
    NOT_SET_UP = "not_set_up"
    #: An exception that no kind raises on purpose.
    UNEXPECTED = "unexpected"
    WORKER_OUT_OF_MEMORY = "worker_out_of_memory"

    # --- warnings of a result ---
    CHARSET_DAMAGED = "charset_damaged"
    CHARSET_GUESSED = "charset_guessed"
    CUES_AFTER_END = "cues_after_end"
    CUES_BACKWARDS = "cues_backwards"
    CUES_BEFORE_START = "cues_before_start"
    CUES_CROWDED = "cues_crowded"
    CUES_CUT_SHORT = "cues_cut_short"
    CUES_UNREADABLE = "cues_unreadable"
    FADE_SHORTENED = "fade_shortened"
    GLYPHS_MISSING = "glyphs_missing"
    MUSIC_DAMAGED = "music_damaged"
    NARRATION_DAMAGED = "narration_damaged"
    PROFILE_BROKEN = "profile_broken"
    SUBTITLES_EMPTY = "subtitles_empty"
    SUBTITLES_OUTSIDE = "subtitles_outside"
    TEXT_CUT = "text_cut"
    TITLE_CUT = "title_cut"

    # --- an item and its inputs ---
    AV1_UNAVAILABLE = "av1_unavailable"
    FILE_EMPTY = "file_empty"
    INPUTS_TOO_COSTLY = "inputs_too_costly"
    #: The name of an input in other reasons: its field and its address.
    INPUT_AT = "input_at"
    ITEM_MALFORMED = "item_malformed"
    #: An item stood in the list of another need.
    ITEM_MISPLACED = "item_misplaced"
    ROOTS_MISSING = "roots_missing"
    #: The name of an input in other reasons: the subtitles of another input.
    SUBTITLES_OF = "subtitles_of"

    # --- a picture ---
    JPEG_SCANS = "jpeg_scans"
    #: A picture is so large that the library does not tell its size.
    PICTURE_BEYOND_LIMIT = "picture_beyond_limit"
    PICTURE_DAMAGED = "picture_damaged"
    PICTURE_TOO_LARGE = "picture_too_large"
    PICTURE_UNREADABLE = "picture_unreadable"

    # --- a sound ---
    SOUND_DAMAGED = "sound_damaged"
    SOUND_EMPTY = "sound_empty"
    SOUND_MISSING = "sound_missing"
    SOUND_PARTS = "sound_parts"
    SOUND_TOO_LONG = "sound_too_long"
    SOUND_TOO_SHORT = "sound_too_short"
    SOUND_UNREADABLE = "sound_unreadable"

    # --- subtitles ---
    CUES_TOO_MANY = "cues_too_many"
    SUBTITLES_TOO_LARGE = "subtitles_too_large"
    SUBTITLES_UNREADABLE = "subtitles_unreadable"

    # --- a scene in a film ---
    SCENE_CUT_SHORT = "scene_cut_short"
    SCENE_UNLIKE_FILM = "scene_unlike_film"
    SCENE_UNREADABLE = "scene_unreadable"
    SCENE_WITHOUT_VIDEO = "scene_without_video"

    # --- a source of a transcoding: refused ---
    CODEC_NOT_IN_CONTAINER = "codec_not_in_container"
    LEVEL_TOO_LOW = "level_too_low"
    CODEC_NOT_IN_HLS = "codec_not_in_hls"
    SOURCE_CLOCK_SET_BACK = "source_clock_set_back"
    SOURCE_CODEC_UNKNOWN = "source_codec_unknown"
    SOURCE_ENCRYPTED = "source_encrypted"
    SOURCE_HAS_TOO_MANY_FRAMES = "source_has_too_many_frames"
    #: The table of contents of an MP4 is missing or cut short.
    SOURCE_INCOMPLETE = "source_incomplete"
    SOURCE_IS_PICTURE = "source_is_picture"
    SOURCE_IS_PLAYLIST = "source_is_playlist"
    SOURCE_IS_TEXT = "source_is_text"
    SOURCE_TOO_LARGE = "source_too_large"
    SOURCE_TOO_LONG = "source_too_long"
    SOURCE_UNREADABLE = "source_unreadable"
    SOURCE_WITHOUT_FRAMES = "source_without_frames"
    SOURCE_WITHOUT_VIDEO = "source_without_video"
    VMAF_OF_HDR = "vmaf_of_hdr"
    VMAF_OF_SMALL = "vmaf_of_small"
    VMAF_UNAVAILABLE = "vmaf_unavailable"

    # --- a source of a transcoding: notes ---
    CODEC_NOT_KEPT = "codec_not_kept"
    DATA_LEFT_OUT = "data_left_out"
    DEINTERLACED = "deinterlaced"
    HDR_IN_EIGHT_BITS = "hdr_in_eight_bits"
    HDR_LEFT_OUT = "hdr_left_out"
    NO_SUBTITLES_OF_TEXT = "no_subtitles_of_text"
    NOT_DIVIDED_AVI = "not_divided_avi"
    NOT_DIVIDED_COPIED = "not_divided_copied"
    NOT_DIVIDED_ELEMENTARY = "not_divided_elementary"
    NOT_DIVIDED_FORMAT = "not_divided_format"
    NOT_DIVIDED_NO_KEYFRAME = "not_divided_no_keyframe"
    NOT_DIVIDED_PACKED = "not_divided_packed"
    NOT_DIVIDED_PTS_MISSING = "not_divided_pts_missing"
    NOT_DIVIDED_PTS_REPEATED = "not_divided_pts_repeated"
    NOT_DIVIDED_PTS_RESET = "not_divided_pts_reset"
    #: Tone mapping was asked for.
    NOT_HDR = "not_hdr"
    PICTURE_LEFT_OUT = "picture_left_out"
    PIXELS_REDUCED = "pixels_reduced"
    RENDITION_ABOVE_SOURCE = "rendition_above_source"
    SOUND_LEFT_OUT = "sound_left_out"
    SOURCE_CUT_SHORT = "source_cut_short"
    SOURCE_ENDS_EARLY = "source_ends_early"
    SOURCE_STARTS_LATE = "source_starts_late"
    STREAM_OF_OTHER_PROGRAM = "stream_of_other_program"
    SUBTITLES_LEFT_OUT = "subtitles_left_out"
    TONE_MAPPED = "tone_mapped"
    #: A track of subtitles consists of pictures, or has no decoder.
    SUBTITLES_WITHOUT_TEXT = "subtitles_without_text"
    TRACK_CONVERTED = "track_converted"
    TRACK_CONVERTED_FOR_HLS = "track_converted_for_hls"
    VMAF_CAPPED = "vmaf_capped"
    VMAF_OF_BEGINNING = "vmaf_of_beginning"
    VMAF_OUT_OF_REACH = "vmaf_out_of_reach"
    TRACK_EMPTY = "track_empty"
    TRACK_NOT_MADE = "track_not_made"
    TRACK_PACKETS_DIFFER = "track_packets_differ"
    JOIN_FRAMES_DIFFER = "join_frames_differ"
    JOIN_HEADERS_DIFFER = "join_headers_differ"
    JOIN_PACKET_DIFFERS = "join_packet_differs"
    JOIN_TRACK_DIFFERS = "join_track_differs"
    # --- a segment of a source ---
    #: A container has another build of ffmpeg than the one that has probed.
    ENCODER_DIFFERS = "encoder_differs"
    SEGMENT_FRAMES_DIFFER = "segment_frames_differ"
    SEGMENT_KEYFRAME_MISSING = "segment_keyframe_missing"
    SEGMENT_NOT_ENCODED = "segment_not_encoded"
    #: The plan's spans do not hold what is decoded; mostly a warning, as the whole source is read then.
    SEGMENT_OUTSIDE_SPANS = "segment_outside_spans"
    SEGMENT_UNLIKE_SOURCE = "segment_unlike_source"
    WATERMARK_CHANGED = "watermark_changed"
    VMAF_NOT_MEASURED = "vmaf_not_measured"

    # --- checks of joined files ---
    COLOURS_NOT_SDR = "colours_not_sdr"
    CAPTIONS_AS_SOURCE = "captions_as_source"
    CAPTIONS_DIFFER = "captions_differ"
    CAPTIONS_UNREADABLE = "captions_unreadable"
    DECODING_ORDER_BROKEN = "decoding_order_broken"
    DURATION_AS_PLANNED = "duration_as_planned"
    DURATION_DIFFERS = "duration_differs"
    FRAMES_AS_PLANNED = "frames_as_planned"
    FRAMES_MISCOUNTED = "frames_miscounted"
    FRAMES_UNDECODABLE = "frames_undecodable"
    FRAME_TIMES_OFF = "frame_times_off"
    HEADERS_AS_ENCODED = "headers_as_encoded"
    HEADERS_DIFFER = "headers_differ"
    JOINED_READ = "joined_read"
    JOINED_UNREADABLE = "joined_unreadable"
    JOINED_WITHOUT_PICTURE = "joined_without_picture"
    JOINS_DECODED = "joins_decoded"
    NOT_COMPARED = "not_compared"
    PACKETS_AS_ENCODED = "packets_as_encoded"
    PACKETS_FOREIGN = "packets_foreign"
    PICTURES_AS_SOURCE = "pictures_as_source"
    PICTURES_DISPLACED = "pictures_displaced"
    PICTURE_AS_PLANNED = "picture_as_planned"
    PICTURE_DIFFERS = "picture_differs"
    PICTURE_FORMAT_DIFFERS = "picture_format_differs"
    PICTURE_FOREIGN = "picture_foreign"
    TRACKS_AS_PLANNED = "tracks_as_planned"
    TRACKS_IN_SYNC = "tracks_in_sync"
    TRACKS_MISCOUNTED = "tracks_miscounted"
    TRACK_FOREIGN = "track_foreign"
    TRACK_SHIFTED = "track_shifted"
    #: An item's report is missing, or is none of the plan.
    SOUND_AS_SOURCE = "sound_as_source"
    SOUND_HAS_HOLE = "sound_has_hole"
    SOUND_LAGS = "sound_lags"
    REPORT_UNUSABLE = "report_unusable"
    #: The plan names addresses that are not under the job's output.
    PLAN_STRAYS = "plan_strays"
    VERIFICATION_FAILED = "verification_failed"
    WATERMARK_FOREIGN = "watermark_foreign"
    WATERMARK_INVISIBLE = "watermark_invisible"
    WATERMARK_SHOWN = "watermark_shown"

    # --- checks of a ladder ---
    HLS_AS_PLANNED = "hls_as_planned"
    HLS_KEYFRAME_MISSING = "hls_keyframe_missing"
    HLS_LADDER_AS_PLANNED = "hls_ladder_as_planned"
    HLS_LENGTH_WRONG = "hls_length_wrong"
    HLS_MASTER_WRONG = "hls_master_wrong"
    HLS_PACKETS_FOREIGN = "hls_packets_foreign"
    HLS_RANGES_WRONG = "hls_ranges_wrong"
    HLS_RUNGS_APART = "hls_rungs_apart"
    HLS_TEXT_AS_CHECKED = "hls_text_as_checked"
    HLS_TEXT_DIFFERS = "hls_text_differs"
    HLS_TIMES_OFF = "hls_times_off"
    HLS_UNREADABLE = "hls_unreadable"

    # --- limits ---
    CPU_EXCEEDED = "cpu_exceeded"
    DISK_FULL = "disk_full"
    FILE_SIZE_EXCEEDED = "file_size_exceeded"
    MEMORY_EXCEEDED = "memory_exceeded"
    RENDERING_FILE_SIZE = "rendering_file_size"
    RENDERING_MEMORY = "rendering_memory"
    RENDERING_MEMORY_FOR = "rendering_memory_for"
    SCRATCH_FULL = "scratch_full"
    SCRATCH_FULL_DURING = "scratch_full_during"
    TIME_EXCEEDED = "time_exceeded"
    TOO_SLOW = "too_slow"

    # --- tools that fail ---
    ENDED_BY_SIGNAL = "ended_by_signal"
    ENDED_WITH_CODE = "ended_with_code"
    FADE_NOT_ENCODED = "fade_not_encoded"
    FILM_NOT_MUXED = "film_not_muxed"
    LOUDNESS_NOT_MEASURED = "loudness_not_measured"
    LOUDNESS_NOT_REPORTED = "loudness_not_reported"
    OUTPUT_MISSING = "output_missing"
    POSTER_NOT_MADE = "poster_not_made"
    #: The system refuses to execute a program.
    PROGRAM_NOT_RUN = "program_not_run"
    SCENE_NOT_ENCODED = "scene_not_encoded"
    SUBTITLES_NOT_DRAWN = "subtitles_not_drawn"

    # --- the renderer, which is not trusted ---
    #: The name of a program in other reasons.
    RENDERER = "renderer"
    RENDERER_LEFT_ANOTHER = "renderer_left_another"
    RENDERER_MADE_NOTHING = "renderer_made_nothing"
    RENDERER_SAID_TOO_MUCH = "renderer_said_too_much"
    RENDERER_UNINTELLIGIBLE = "renderer_unintelligible"
    RENDERER_WITHOUT_RESULT = "renderer_without_result"

    # --- an item that is handed back ---
    ITEM_EXPIRED = "item_expired"
    ITEM_STOPPED = "item_stopped"
    ITEM_STOPPED_WAITING = "item_stopped_waiting"
    LEASE_LOST = "lease_lost"
    PROGRAM_STOPPED = "program_stopped"
    REDIS_SILENT = "redis_silent"
    REDIS_SILENT_BEFORE = "redis_silent_before"
    REDIS_SILENT_STOPPED = "redis_silent_stopped"

    # --- the container ---
    CONTAINER_ID_UNUSABLE = "container_id_unusable"
    DESCRIPTORS_SHORT = "descriptors_short"
    FFMPEG_BROKEN = "ffmpeg_broken"
    FFMPEG_MISSING = "ffmpeg_missing"
    FFMPEG_UNUSABLE = "ffmpeg_unusable"
    FOLDER_UNWRITABLE = "folder_unwritable"
    FONT_OF_PICTURES = "font_of_pictures"
    #: The trial could do what the level forbids: read other files, leave its process group, open sockets, stay the worker's user.
    ISOLATION_ALLOWS_FILES = "isolation_allows_files"
    ISOLATION_ALLOWS_LEAVING = "isolation_allows_leaving"
    ISOLATION_ALLOWS_SOCKETS = "isolation_allows_sockets"
    ISOLATION_KEEPS_USER = "isolation_keeps_user"
    ISOLATION_NEEDS_ROOT = "isolation_needs_root"
    ISOLATION_TRIAL_ENDED = "isolation_trial_ended"
    ISOLATION_UNSUPPORTED = "isolation_unsupported"
    SCRATCH_VANISHED = "scratch_vanished"
