"""Reads and changes limits while the dispatcher runs; they override the settings in its environment."""

import json
import secrets
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError

from scenequeue.errors import ActConflict, SettingsError, refused_value, several
from scenequeue.ports.steering.audit_log import act_words
from scenequeue.published.plan import plan_from
from scenequeue.reasons import Code
from scenequeue.settings import DispatcherSettings
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number

#: Settings of the dispatcher that bound its launches, and the policy that they follow.
LIMITS = (
    *("max_containers", "min_containers", "budget_usd_per_hour", "launches_per_tick"),
    *("scenes_per_batch", "min_scenes_per_batch", "max_parallel_tasks", "policy", "deadline_s"),
)


class Limit(NamedTuple):
    """A limit that was changed."""

    name: str
    value: float | str
    by: str
    #: Redis clock.
    at_ms: int
    #: The reason that the operator gave; "" where none was given.
    why: str = ""


def checked(name: str, text: str) -> float | str:
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
    if isinstance(value, str) or (isinstance(value, int | float) and abs(value) < float("inf")):
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


def change_limits(connection: Connection, values: Mapping[str, str], by: str, why: str, seen: Mapping[str, str]) -> None:
    """Change all of these limits, or none if one of them is refused.

    Args:
        connection: to the queue.
        values: name -> value as text.
        by: name of the operator.
        why: in the operator's words.
        seen: name -> the value that the operator has seen, ENVIRONMENT for none; an absent one may be any.

    Raises:
        SettingsError: as `checked` and `check_together`.
        ActConflict: somebody has changed one of them since the operator saw it.
    """
    _write(connection, {name: json.dumps(checked(name, text)) for name, text in values.items()}, by, why, seen)


def reset_limits(connection: Connection, names: Sequence[str], by: str, why: str, seen: Mapping[str, str]) -> None:
    """Reset limits to the settings in the dispatcher's environment. Arguments as `change_limits`.

    Raises:
        SettingsError: there is no such limit, or the policy needs one of them.
        ActConflict: as `change_limits`.
    """
    for name in names:
        if name not in LIMITS:
            raise _unknown(name)
    _write(connection, dict.fromkeys(names, ""), by, why, seen)


def _write(connection: Connection, values: Mapping[str, str], by: str, why: str, seen: Mapping[str, str]) -> None:
    """Write limits: name -> value as JSON, "" to reset it."""
    check_together(connection, values)
    words = (word for name, value in values.items() for word in (name, value, "", seen.get(name, "")))
    refuse_late(connection.run("limits", *act_words(by, why), "limit", secrets.token_hex(8), *words))


def refuse_late(late: Sequence[object]) -> None:
    """Raise the error for a change that has come too late.

    Args:
        late: name of the limit, who has changed it, what it is now; empty if the change was made.

    Raises:
        ActConflict: somebody has changed the limit since.
    """
    if late:
        name, changer, now = map(str, late)
        code = Code.ACT_OVERTAKEN_BY if changer else Code.ACT_OVERTAKEN
        raise ActConflict(code, limit=name, value=now, **({"by": changer} if changer else {}))


def check_together(connection: Connection, values: Mapping[str, str]) -> None:
    """Check that the policy has what it needs after a change of limits: name -> value as JSON, "" to reset it.

    Raises:
        SettingsError: the policy that an operator has set is `budget`, and there would be no budget.
    """
    if not {"policy", "budget_usd_per_hour"} & values.keys():
        return
    after: dict[str, Any] = {limit.name: limit.value for limit in read_limits(connection)}
    after |= {name: json.loads(value) if value else None for name, value in values.items()}
    plan = connection.answer("get", connection.keys.plan)
    settings = plan_from(plan).get("settings") if plan else None
    budget = settings.get("budget_usd_per_hour") if isinstance(settings, dict) else None
    if after.get("policy") == "budget" and after.get("budget_usd_per_hour") is None and budget is None:
        raise SettingsError(Code.LIMIT_NEEDS_BUDGET)


def limited(settings: DispatcherSettings, limits: Sequence[Limit]) -> DispatcherSettings:
    """Return the settings, overridden by the limits."""
    if not limits:
        return settings
    changed = settings.model_copy(update={limit.name: limit.value for limit in limits})
    if changed.policy == "budget" and changed.budget_usd_per_hour is None:
        # Two operators at once can bring that about, or a dispatcher that is started anew without a budget.
        return changed.model_copy(update={"policy": settings.policy})
    return changed
