"""Reasons as codes, with their English sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from scenequeue.counted import Number

Parameter = str | int | float

#: Code -> sentence. `{name}` is a parameter; `{name:one thing|# things}` depends on its number, which replaces the `#`.
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
    "fade_shortened": "a fade was made shorter, as a scene beside it is shorter than two fades",
    "glyphs_missing": (
        "{input}: no font has {count:1 of the characters, which was|# of the characters, which were} left out ({characters})"
    ),
    "narration_damaged": "narration is damaged: {packets:1 packet was|# packets were} left out",
    "cues_unreadable": "subtitles: {cues:1 cue whose times cannot be read was|# cues whose times cannot be read were} left out",
    "profile_broken": "{input}: its colour profile is broken or of another colour model, so it was taken as sRGB",
    "subtitles_empty": "the subtitle file has no cue that could be shown",
    "subtitles_outside": "no subtitle falls inside the narration",
    "text_cut": "subtitles: the text of {cues:1 cue|# cues} did not fit on the frame and was cut short",
    "title_cut": "title: it needs more than the {lines} lines of the title card, and was cut short there",
    # --- a job that waits ---
    "all_at_work": "all {containers:1 container|# containers} that {setting} allows {containers:is|are} at work",
    "all_drain": (
        "{containers:the only container that is allowed drains; another is|all # containers that are allowed drain; others are} "
        "launched afterwards"
    ),
    "busy": "{containers:1 container is|# containers are} busy with what came before",
    "false_starts": "containers end before they have worked: {problem}",
    "fleet_unseen": "the dispatcher cannot see its fleet, and launches nothing until it can: {problem}",
    "launches_fail": "no container can be started: {problem}",
    "no_capacity": "there is no capacity for a container: {problem}",
    "no_dispatcher": "no dispatcher has acted in the last minute; start one with `sceneburst dispatcher`",
    "over_budget": (
        "a container of ${usd_per_hour_each:.4f} an hour would exceed SCENEBURST_BUDGET_USD_PER_HOUR={budget_usd_per_hour:g}"
    ),
    "paused": "the queue is paused; `sceneburst queue resume` goes on",
    "planned": "the dispatcher's plan: {why}",
    "retry_later": "{items:1 item waits|# items wait} for the next attempt",
    "starting": "{containers:1 container is|# containers are} starting",
    # --- a result of an older version ---
    "other": "{text}",
}


@dataclass(frozen=True)
class Reason:
    """Something a person should know, as a code for programs; `text` says it in words."""

    code: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence; of a code that this version does not know, the code and its parameters."""
        sentence = SENTENCES.get(self.code)
        values = {name: Number(value) if isinstance(value, int) else value for name, value in self.parameters.items()}
        try:
            return sentence.format_map(values) if sentence is not None else self._as_it_is()
        except (KeyError, ValueError):
            return self._as_it_is()

    def _as_it_is(self) -> str:
        facts = ", ".join(f"{name}: {value}" for name, value in self.parameters.items())
        return f"{self.code} ({facts})" if facts else self.code

    def to_json(self) -> dict[str, Any]:
        """The form in which it is sent and stored."""
        return {"code": self.code, "parameters": dict(self.parameters)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read what `to_json` made, or the plain text of an older version; anything else becomes text."""
        if isinstance(data, Mapping) and isinstance(data.get("code"), str):
            given = data.get("parameters")
            parameters = given.items() if isinstance(given, Mapping) else ()
            return cls(data["code"], {str(name): value for name, value in parameters if isinstance(value, str | int | float)})
        return cls("other", {"text": str(data)})

    def to_people(self) -> dict[str, str]:
        """The form that commands and the HTTP API show."""
        return {"code": self.code, "text": self.text}
