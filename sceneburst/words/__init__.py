"""Puts reasons into English sentences."""

import re
from collections.abc import Mapping
from typing import Any

from sceneburst.words import container_worker, dispatcher, producer, queue
from scenequeue.counted import Number
from scenequeue.quoted import quoted
from scenequeue.reasons import INPUT, LAST_LINES, Reason, speak_with

#: `{name}` is a parameter; `{name:quoted}` puts it in quotes; `{name:need}` names needs; `{name:one thing|# things}` depends
#: on its number, which replaces the `#`; `{name:, }` is a list of further reasons, joined by the text after the colon.
#: A sentence that does not contain `{input}` is preceded by its reason's `input`; every one is followed by its `last_lines`.
SENTENCES: Mapping[str, str] = {**queue.SENTENCES, **dispatcher.SENTENCES, **container_worker.SENTENCES, **producer.SENTENCES}


class _Text(str):
    """Foreign text; `quoted` puts it in quotes, on one line, and shortens it; `need` says "of structure 2" for "@2"."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if spec == "need":
            return re.sub(r"@([0-9]+)", r" of structure \1", self)
        return quoted(str(self)) if spec == "quoted" else super().__format__(spec)


class _Several(tuple[str, ...]):
    """Sentences; their format is the separator."""

    __slots__ = ()

    def __format__(self, between: str) -> str:
        return between.join(self)


def text_of(reason: Reason) -> str:
    """Return the reason's sentence; for a code that this version does not know, the code and its parameters."""
    sentence = SENTENCES.get(reason.code)
    if sentence is None:
        return reason.plain()
    try:
        said = sentence.format_map({name: _worded(value) for name, value in reason.parameters.items()})
    except (KeyError, ValueError, OverflowError):
        # A version with other parameters wrote it.
        return reason.plain()
    about, lines = reason.parameters.get(INPUT), reason.parameters.get(LAST_LINES)
    if about and f"{{{INPUT}" not in sentence:
        said = f"{_worded(about)}: {said}"
    return f"{said}\n{lines}" if lines else said


def _worded(value: object) -> object:
    if isinstance(value, Reason):
        return text_of(value)
    if isinstance(value, tuple):
        return _Several(text_of(each) for each in value)
    if isinstance(value, str):
        return _Text(value)
    return Number(value) if isinstance(value, int) else value


def plan_for_people(made: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dispatcher's last plan for commands: with its sentence, and for programs the code with its parameters."""
    why = made["why"]
    assert isinstance(why, Reason)
    alarms = [Reason.from_json(alarm) for alarm in made.get("alarms") or ()]
    stored = why.to_json()
    return {
        **made,
        "why": why.text,
        "code": stored["code"],
        "params": stored["parameters"],
        "alarms": [{**alarm.to_json(), "text": alarm.text} for alarm in alarms],
    }


def use_english() -> None:
    """Format reasons in English in this program."""
    speak_with(text_of)
