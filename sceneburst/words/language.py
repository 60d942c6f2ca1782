"""Puts a reason into a sentence of a language."""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scenequeue.quoted import quoted
from scenequeue.reasons import INPUT, LAST_LINES, OPTION, Code, Reason

#: Types of pydantic's errors whose sentence is complete without the refused value.
_WITHOUT_VALUE = frozenset(
    {"extra_forbidden", "json_invalid", "missing", "string_too_long", "string_too_short", "too_long", "too_short", "value_error"}
)

#: The parameter that is a sentence of a library, the system or a server.
_FOREIGN = "problem"


@dataclass(frozen=True)
class Language:
    """A language: its sentences by code, and its rules for numbers.

    In a sentence `{name}` is a parameter; `{name:quoted}` puts it in quotes; `{name:need}` names needs, and `{name:type}` a type;
    `{name:time}` is a point in time (ms); `{name:, }` is a list of further reasons, joined by the text after the colon.
    `{name:# one|# few|# many}` depends on a number, which replaces each `#`: a language has as many forms as it needs.
    A sentence that does not contain `{input}` is preceded by its reason's `input`; every one is followed by its `last_lines`.
    """

    sentences: Mapping[str, str]
    #: Returns which of a sentence's forms belongs to a number, counted from 0.
    form_of: Callable[[int], int] = lambda number: 0 if number == 1 else 1
    #: A need of another structure of the queue, which is `render/1@2` in reasons.
    need_of_structure: str = "{need}@{structure}"
    #: Sentences for values that pydantic refuses, by its type of error.
    refusals: Mapping[str, str] = field(default_factory=dict)
    #: Around such a sentence, to which the value is added.
    refused_value: str = "{refusal}: {value}"
    #: Names of types, by Python's.
    types: Mapping[str, str] = field(default_factory=dict)


def sentence_of(reason: Reason, languages: Sequence[Language]) -> str:
    """Return the reason's sentence in the first of the languages that has one; in none, the code and its parameters."""
    for language in languages:
        sentence = _sentence(reason, language)
        if sentence is not None and (said := _filled(sentence, reason, language, languages)) is not None:
            return said
    return reason.plain()


def _sentence(reason: Reason, language: Language) -> str | None:
    if reason.code != Code.VALUE_REFUSED:
        return language.sentences.get(reason.code)
    kind = str(reason.parameters.get("type"))
    sentence = language.refusals.get(kind, language.sentences.get(reason.code))
    is_shown = sentence is not None and "value" in reason.parameters and kind not in _WITHOUT_VALUE
    return language.refused_value.replace("{refusal}", sentence or "") if is_shown else sentence


def _filled(sentence: str, reason: Reason, language: Language, languages: Sequence[Language]) -> str | None:
    """Return the sentence with the reason's parameters; None where they are not those of the sentence."""
    try:
        said = _Filler(language, languages).vformat(sentence, (), reason.parameters)
    except (LookupError, ValueError, OverflowError):
        # A version with other parameters wrote the reason, or the sentence is wrong.
        return None
    for leading in (INPUT, OPTION):
        about = reason.parameters.get(leading)
        if about and f"{{{leading}" not in sentence:
            named = sentence_of(about, languages) if isinstance(about, Reason) else about
            said = f"{named}: {said}"
    lines = reason.parameters.get(LAST_LINES)
    return f"{said}\n{lines}" if lines else said


def _inside(sentence: str) -> str:
    """Return a sentence as a part of another one: without a full stop at its end, which libraries' messages often have."""
    whole = sentence.rstrip()
    return whole[:-1] if whole.endswith(".") and not whole.endswith("..") else whole


class _Filler(string.Formatter):
    """Formats the parameters of a sentence."""

    def __init__(self, language: Language, languages: Sequence[Language]) -> None:
        self._language, self._languages = language, languages

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
        value, used = super().get_field(field_name, args, kwargs)
        return (_inside(value) if field_name == _FOREIGN and isinstance(value, str) else value), used

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Reason):
            return _inside(sentence_of(value, self._languages))
        if isinstance(value, tuple):
            return format_spec.join(_inside(sentence_of(each, self._languages)) for each in value)
        if isinstance(value, str) and format_spec == "quoted":
            return quoted(value)
        if isinstance(value, str) and format_spec == "need":
            return re.sub(r"([^\s,]+)@([0-9]+)", self._need_of_structure, value)
        if isinstance(value, str) and format_spec == "type":
            return next((each.types[value] for each in self._languages if value in each.types), value)
        if isinstance(value, int) and format_spec == "time":
            return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M} UTC"
        if isinstance(value, int) and "|" in format_spec:
            forms = format_spec.split("|")
            return forms[self._language.form_of(value)].replace("#", str(value))
        return str(super().format_field(value, format_spec))

    def _need_of_structure(self, found: re.Match[str]) -> str:
        return self._language.need_of_structure.format(need=found[1], structure=found[2])
