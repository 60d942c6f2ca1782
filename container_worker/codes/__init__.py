"""Codes of the reasons that a container gives: what is wrong with an item, and with the container itself."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/` has a sentence for each."""

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
    NARRATION_DAMAGED = "narration_damaged"
    PROFILE_BROKEN = "profile_broken"
    SUBTITLES_EMPTY = "subtitles_empty"
    SUBTITLES_OUTSIDE = "subtitles_outside"
    TEXT_CUT = "text_cut"
    TITLE_CUT = "title_cut"
