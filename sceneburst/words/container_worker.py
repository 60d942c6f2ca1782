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
