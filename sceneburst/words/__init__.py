"""Puts reasons into sentences of this program's language, which SCENEBURST_LANGUAGE names.

Chinese (`zh`) is there too. Further languages are packages with an entry point of the group `sceneburst.languages`, which is
named as the language and loads a Language. A sentence that a language lacks is said in English.
"""

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from sceneburst.words import (
    access,
    commands,
    container_worker,
    dispatcher,
    doctor,
    http_api,
    overview,
    page,
    producer,
    queue,
    transcoding,
)
from sceneburst.words.chinese import CHINESE as CHINESE
from sceneburst.words.language import Language as Language, sentence_of
from sceneburst.words.values import REFUSALS, TYPES
from scenequeue.reasons import Reason, speak_with

ENGLISH = Language(
    {
        **queue.SENTENCES,
        **dispatcher.SENTENCES,
        **container_worker.SENTENCES,
        **transcoding.SENTENCES,
        **producer.SENTENCES,
        **http_api.SENTENCES,
        **access.SENTENCES,
        **commands.SENTENCES,
        **doctor.SENTENCES,
        **overview.SENTENCES,
        **page.SENTENCES,
    },
    need_of_structure="{need} of structure {structure}",
    refusals=REFUSALS,
    refused_value="{refusal}, not {value}",
    types=TYPES,
)
#: Entry points of further languages, by name.
GROUP = "sceneburst.languages"
_ENGLISH, _CHINESE = "en", "zh"


def text_of(reason: Reason) -> str:
    """Return the reason's sentence; for a code that this version does not know, the code and its parameters."""
    return sentence_of(reason, _spoken())


def use_words() -> None:
    """Put the reasons of this program into sentences."""
    speak_with(text_of)


@cache
def _spoken() -> tuple[Language, ...]:
    """Return this program's language, and English for what it lacks.

    It is read from the environment here, and not with other settings, as their mistakes are told in it too.
    """
    wanted = os.environ.get("SCENEBURST_LANGUAGE") or _ENGLISH
    if wanted == _ENGLISH:
        return (ENGLISH,)
    if wanted == _CHINESE:
        return (CHINESE, ENGLISH)
    # Loading is slow, and English needs no other package.
    from importlib.metadata import entry_points

    installed = {point.name: point for point in entry_points(group=GROUP)}
    try:
        return (installed[wanted].load(), ENGLISH)
    except Exception as error:
        # A missing or broken translation must not stop a program, least of all while it reports an error.
        known = ", ".join(sorted({_ENGLISH, _CHINESE, *installed}))
        why = f"{type(error).__name__}: {error}" if wanted in installed else "no installed package has this language"
        logging.getLogger("sceneburst").warning(
            "SCENEBURST_LANGUAGE: %r cannot be used, and English is used instead: %s (there are %s)", wanted, why, known
        )
        return (ENGLISH,)


def plan_for_people(made: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dispatcher's last plan for commands: with its sentence, and for programs the code with its parameters."""
    why = made["why"]
    assert isinstance(why, Reason)
    alarms = [Reason.from_json(alarm) for alarm in made.get("alarms") or ()]
    also = {name: Reason.from_json(made[name]).to_people() for name in ("cut", "waits_because") if made.get(name)}
    return {**made, **also, **why.to_json(), "why": why.text, "alarms": [alarm.to_people() for alarm in alarms]}
