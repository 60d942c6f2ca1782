"""Tells the settings in force of a program, and the source of each; those of the dispatcher are published for operators."""

import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from scenequeue.redaction import redact
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.connection import Connection

#: Settings whose value is not told although it is no password: it may hold some, or helps to guess them.
_CONFIDENTIAL = frozenset({"docker_environment", "api_keys"})
#: Longest value that is told, and most settings that are read.
_VALUE_CHARACTERS = 500
_MAX_SETTINGS = 500


class SettingInForce(NamedTuple):
    """One setting of a program."""

    #: Its field, such as "tick_s"; SCENEBURST_TICK_S is its variable.
    name: str
    #: As text; "" for none, and for what is not told.
    value: str
    #: The default, as text; "" for none.
    default: str
    #: The name by which it was given, such as SCENEBURST_TICK_S or --redis-url; "" for the default.
    source: str
    #: True if its value is never told.
    is_secret: bool


def settings_in_force(*programs: SceneburstSettings) -> list[SettingInForce]:
    """Return the settings of several classes of one program, each as the first has it, without any secret."""
    found: dict[str, SettingInForce] = {}
    for each in (each for settings in programs for each in _of(settings)):
        found.setdefault(each.name, each)
    return [*found.values()]


def _of(settings: SceneburstSettings) -> Iterator[SettingInForce]:
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        is_secret = isinstance(value, SecretStr) or isinstance(default, SecretStr) or "SecretStr" in str(field.annotation)
        if is_secret or name in _CONFIDENTIAL:
            is_given = value is not None and value != default
            yield SettingInForce(name, "", "", settings.name_of(name) if is_given else "", is_secret=True)
        else:
            is_given = name in settings.model_fields_set
            yield SettingInForce(name, _text(value), _text(default), settings.name_of(name) if is_given else "", is_secret=False)


def _text(value: Any) -> str:
    """Return a value as it is written in a variable."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Path) and not isinstance(value, Enum):
        text = str(value)
    elif isinstance(value, float):
        text = f"{value:g}"
    else:
        text = json.dumps(to_jsonable_python(value), ensure_ascii=False)
    return redact(text)[:_VALUE_CHARACTERS]


def publish_settings(connection: Connection, settings: list[SettingInForce], ttl_s: int) -> None:
    """Publish the settings of the acting dispatcher for `ttl_s` seconds."""
    with connection.translated():
        # Not SET, as for the plan.
        connection.client.setex(connection.keys.settings, ttl_s, json.dumps(settings))


def read_settings(connection: Connection) -> list[SettingInForce]:
    """Return the settings of the acting dispatcher; none without one, or if another version publishes none."""
    try:
        rows = json.loads(connection.answer("get", connection.keys.settings) or "[]")
    except (ValueError, RecursionError):
        return []
    return [each for row in rows[:_MAX_SETTINGS] if (each := _read(row))] if isinstance(rows, list) else []


def _read(row: object) -> SettingInForce | None:
    if not isinstance(row, list) or len(row) < len(SettingInForce._fields):
        return None
    *texts, is_secret = row[: len(SettingInForce._fields)]
    if not all(isinstance(text, str) for text in texts) or not isinstance(is_secret, bool):
        return None
    name, value, default, source = (text[:_VALUE_CHARACTERS] for text in texts)
    return SettingInForce(name, "" if is_secret else value, "" if is_secret else default, source, is_secret)
