"""Defines reasons: codes with parameters, which the top floor puts into words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


class Code(StrEnum):
    """Every reason that Sceneburst gives; sceneburst/words.py has a sentence for each."""

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

    # --- a job or a queue that waits ---
    ALL_AT_WORK = "all_at_work"
    ALL_DRAIN = "all_drain"
    BUSY = "busy"
    FALSE_STARTS = "false_starts"
    FLEET_UNSEEN = "fleet_unseen"
    LAUNCHES_FAIL = "launches_fail"
    NO_CAPACITY = "no_capacity"
    NO_DISPATCHER = "no_dispatcher"
    OVER_BUDGET = "over_budget"
    PAUSED = "paused"
    PLANNED = "planned"
    RETRY_LATER = "retry_later"
    STARTING = "starting"

    # --- a plan ---
    PLAN_AT_REST = "plan_at_rest"
    PLAN_BLIND = "plan_blind"
    PLAN_COVERED = "plan_covered"
    PLAN_IDLE = "plan_idle"
    PLAN_LAUNCHES = "plan_launches"
    PLAN_MALFORMED = "plan_malformed"
    PLAN_PAUSED = "plan_paused"
    #: What waits.
    READY = "ready"
    READY_BY_NEED = "ready_by_need"
    READY_OF_NEED = "ready_of_need"
    #: What a plan launches.
    LAUNCH_ALIKE = "launch_alike"
    LAUNCH_MIXED = "launch_mixed"
    LAUNCH_NONE = "launch_none"
    LAUNCH_SHARE = "launch_share"
    #: Containers that are there.
    PRESENT = "present"
    PRESENT_STARTING = "present_starting"
    #: What a plan's launches follow from.
    BATCHES = "batches"
    BATCHES_FULL = "batches_full"
    BUDGET_KEEPS = "budget_keeps"
    DEADLINE_NEEDS = "deadline_needs"
    FOR_NEEDS = "for_needs"
    KEPT_WARM = "kept_warm"
    PROBE = "probe"
    TAKEN = "taken"
    WISHES = "wishes"
    WISHES_FULL = "wishes_full"
    WISHES_MORE = "wishes_more"
    #: What holds launches back.
    CUT_BY_BUDGET = "cut_by_budget"
    CUT_BY_CONTAINERS = "cut_by_containers"
    CUT_BY_LAUNCHES = "cut_by_launches"
    CUT_BY_ROOM = "cut_by_room"
    NOT_YET = "not_yet"
    ONE_AT_A_TIME = "one_at_a_time"

    # --- an alarm ---
    UNSERVED = "unserved"

    # --- launches that came to nothing ---
    STARTS_IN_VAIN = "starts_in_vain"

    # --- somebody else's words, as they are ---
    OTHER = "other"


#: Reasons inside reasons that are read, and no deeper: what is in Redis may have been written by anybody.
_MAX_DEPTH = 4


@dataclass(frozen=True)
class Reason:
    """Something a person should know, as a code for programs with its parameters."""

    #: One of `Code`, or one of a newer version.
    code: str
    parameters: "Mapping[str, str | int | float | Reason | tuple[Reason, ...]]" = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The reason in words; the code and its parameters where none are installed."""
        return _put_into_words(self)

    def plain(self) -> str:
        """The code and its parameters, as they are."""
        facts = ", ".join(f"{name}: {_plain(value)}" for name, value in self.parameters.items())
        return f"{self.code} ({facts})" if facts else str(self.code)

    def to_json(self) -> dict[str, Any]:
        """The form in which it is sent and stored."""
        return {"code": str(self.code), "parameters": {name: _stored(value) for name, value in self.parameters.items()}}

    @classmethod
    def from_json(cls, data: object, *, _depth: int = 0) -> Self:
        """Read what `to_json` made; a text, or anything else, becomes somebody else's words."""
        if not isinstance(data, Mapping) or not isinstance(data.get("code"), str):
            return cls(Code.OTHER, {"text": str(data)})
        given = data.get("parameters")
        parameters: dict[str, str | int | float | Reason | tuple[Reason, ...]] = {}
        for name, value in given.items() if isinstance(given, Mapping) else ():
            if isinstance(value, str | int | float):
                parameters[str(name)] = value
            elif isinstance(value, Mapping) and _depth < _MAX_DEPTH:
                parameters[str(name)] = cls.from_json(value, _depth=_depth + 1)
            elif isinstance(value, list) and _depth < _MAX_DEPTH:
                parameters[str(name)] = tuple(cls.from_json(each, _depth=_depth + 1) for each in value)
        return cls(data["code"], parameters)

    def to_people(self) -> dict[str, str]:
        """The form that commands and the HTTP API show."""
        return {"code": str(self.code), "text": self.text}


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(_plain(each) for each in value)
    return value.plain() if isinstance(value, Reason) else str(value)


def _stored(value: object) -> object:
    if isinstance(value, tuple):
        return [_stored(each) for each in value]
    return value.to_json() if isinstance(value, Reason) else value


#: Entry point of the words that are installed: programs below the top floor know them by this name only.
WORDS = "sceneburst.words"
#: None until a reason is to be put into words.
_text_of: Callable[[Reason], str] | None = None


def speak_with(text_of: Callable[[Reason], str]) -> None:
    """Put reasons into words by this function from now on."""
    global _text_of  # noqa: PLW0603  a program has one language
    _text_of = text_of


def _put_into_words(reason: Reason) -> str:
    if _text_of is None:
        # Slow to load, and the top floor brings its words by itself.
        from importlib.metadata import entry_points

        speak_with(next((point.load() for point in entry_points(group=WORDS)), Reason.plain))
    assert _text_of is not None
    return _text_of(reason)
