"""Decides which settings of the environment hold for a run on this machine, and checks them before anything is started."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dispatcher.start_checks import refusals_without_fleet
from scenequeue.settings import DispatcherSettings, WorkerSettings

_PREFIX = "SCENEBURST_"
#: The settings that such a run decides itself, with the option of `sceneburst up` that changes them; "" for none.
_OPTIONS = {
    "namespace": "",
    "fleet": "--fleet",
    "file_roots": "--root",
    "state_dir": "--data",
    "scratch_dir": "--data",
    "docker_image": "--image",
    "docker_user": "",
    "docker_volumes": "--root",
    "docker_environment": "",
}


def in_force(decided: Mapping[str, Any], defaults: Mapping[str, Any], inherited: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that programs of the run are given beside the inherited environment.

    Args:
        decided: values that hold whatever the environment says.
        defaults: values of fields that the environment does not set.
        inherited: the environment.
    """
    given = by_field(inherited)
    return {**{field: value for field, value in defaults.items() if field not in given}, **decided}


def environment_of(fields: Mapping[str, Any], inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the inherited environment with these fields' variables, which it may have in other case."""
    others = {name: text for name, text in inherited.items() if _field(name) not in fields}
    return {**others, **as_variables(fields)}


def as_variables(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return fields as environment variables."""
    return {f"{_PREFIX}{field.upper()}": _as_text(value) for field, value in fields.items()}


def check(fields: Mapping[str, Any]) -> None:
    """Check what the dispatcher and its containers would refuse at their start.

    Args:
        fields: values beside those of the environment.

    Raises:
        SettingsError: a setting is malformed, or another that it needs is missing.
    """
    settings = DispatcherSettings.load(**fields)
    WorkerSettings.load(**fields)
    for refusal in refusals_without_fleet(settings):
        raise refusal


def overruled(decided: Mapping[str, Any], inherited: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables that are set to something else than the run decides, each with the option that changes it or ""."""
    given = by_field(inherited)
    for field, option in _OPTIONS.items():
        if field in decided and field in given and not _is_same(given[field], decided[field]):
            yield f"{_PREFIX}{field.upper()}", option


def by_field(environment: Mapping[str, str]) -> dict[str, str]:
    """Return our variables by the names of their fields."""
    return {field: text for name, text in environment.items() if (field := _field(name))}


def _field(variable: str) -> str:
    """Return the field of a variable, whose name may be in any case; "" if it is none of ours."""
    return variable.upper().removeprefix(_PREFIX).lower() if variable.upper().startswith(_PREFIX) else ""


def _is_same(text: str, value: object) -> bool:
    if not isinstance(value, list | dict):
        return text == value
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return _unordered(found) == _unordered(value)


def _unordered(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str | dict) else value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
