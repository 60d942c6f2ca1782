"""Reads and changes limits while the dispatcher runs; they override the settings in its environment."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from pydantic import ValidationError

from scenequeue.errors import SettingsError, refused_value, several
from scenequeue.ports.steering.audit_log import act_words
from scenequeue.reasons import Code
from scenequeue.settings import DispatcherSettings
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number

#: Settings of the dispatcher that bound its launches.
LIMITS = (
    *("max_containers", "min_containers", "budget_usd_per_hour", "launches_per_tick"),
    *("scenes_per_batch", "min_scenes_per_batch", "max_parallel_tasks", "deadline_s"),
)


class Limit(NamedTuple):
    """A limit that was changed."""

    name: str
    value: float
    by: str
    #: Redis clock.
    at_ms: int
    #: The reason that the operator gave; "" where none was given.
    why: str = ""


def checked(name: str, text: str) -> float:
    """Return the value of a limit, checked by the rules of the setting of the same name.

    Raises:
        SettingsError: there is no such limit, or its setting refuses the value.
    """
    if name not in LIMITS:
        raise _unknown(name)
    try:
        value = getattr(DispatcherSettings.model_validate({name: text}), name)
    except ValidationError as error:
        why = several(map(refused_value, error.errors(include_url=False)))
        raise SettingsError(Code.LIMIT_REFUSED, limit=name, problem=why) from None
    if isinstance(value, int | float) and abs(value) < float("inf"):
        return value
    raise SettingsError(Code.LIMIT_NOT_NUMBER, limit=name, value=text)


def _unknown(name: str) -> SettingsError:
    """Return the error for a name that is no limit, with the nearest one if there is one."""
    near = get_close_matches(name, LIMITS, n=1)
    if near:
        return SettingsError(Code.LIMIT_UNKNOWN_NEAR, limit=name, near=near[0], known=", ".join(LIMITS))
    return SettingsError(Code.LIMIT_UNKNOWN, limit=name, known=", ".join(LIMITS))


def read_limits(connection: Connection) -> list[Limit]:
    """Return the changed limits, in the order of LIMITS, without those whose stored value the settings refuse."""
    fields = connection.answer("hgetall", connection.keys.limits) or {}
    return [limit for name in LIMITS if name in fields and (limit := _read(name, fields[name])) is not None]


def _read(name: str, text: str) -> Limit | None:
    try:
        known = json.loads(text)
        return Limit(
            name, checked(name, str(known["value"])), str(known["by"]), whole_number(known["at_ms"]), str(known.get("why", ""))
        )
    except (ValueError, TypeError, LookupError, RecursionError, SettingsError):
        return None


def change_limits(connection: Connection, values: Mapping[str, str], by: str, why: str) -> None:
    """Change all of these limits, or none if one of them is refused. Raises as `checked`."""
    words: list[str] = []
    for name, text in values.items():
        words += (name, json.dumps(checked(name, text)))
    connection.run("limits", *act_words(by, why), *words)


def reset_limits(connection: Connection, names: Sequence[str], by: str, why: str) -> None:
    """Reset limits to the settings in the dispatcher's environment.

    Raises:
        SettingsError: there is no such limit.
    """
    for name in names:
        if name not in LIMITS:
            raise _unknown(name)
    connection.run("limits", *act_words(by, why), *(word for name in names for word in (name, "")))


def limited(settings: DispatcherSettings, limits: Sequence[Limit]) -> DispatcherSettings:
    """Return the settings, overridden by the limits."""
    return settings.model_copy(update={limit.name: limit.value for limit in limits}) if limits else settings
