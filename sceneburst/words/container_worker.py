"""English sentences for the reasons of a container."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
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
    "narration_damaged": "narration is damaged: {packets:1 packet was|# packets were} left out",
    "profile_broken": "{input}: its colour profile is broken or of another colour model, so it was taken as sRGB",
    "subtitles_empty": "the subtitle file has no cue that could be shown",
    "subtitles_outside": "no subtitle falls inside the narration",
    "text_cut": "subtitles: the text of {cues:1 cue|# cues} did not fit on the frame and was cut short",
    "title_cut": "title: it needs more than the {lines} lines of the title card, and was cut short there",
}
