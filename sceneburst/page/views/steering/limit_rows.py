"""Makes rows of limits: the value in force, where it came from, and what may be undone; pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sceneburst.page.languages import msgid
from scenequeue.ports.steering.audit_log import ENVIRONMENT, Act
from scenequeue.ports.steering.limits import LIMITS, Limit
from scenequeue.ports.steering.settings_in_force import SettingInForce

#: The limits in people's words.
TITLES: Mapping[str, str] = {
    "max_containers": msgid("Most containers at once"),
    "min_containers": msgid("Fewest containers, also when idle"),
    "budget_usd_per_hour": msgid("Budget: most dollars an hour"),
    "launches_per_tick": msgid("Most launches in one tick"),
    "scenes_per_batch": msgid("Items that a container is launched for"),
    "min_scenes_per_batch": msgid("Fewest items worth a container"),
    "max_parallel_tasks": msgid("Most containers that one distribution uses"),
    "policy": msgid("Policy: how many containers"),
    "deadline_s": msgid("Policy deadline: seconds for the backlog"),
}
#: Values of limits that are words.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "policy": {"batch": msgid("by batch size"), "deadline": msgid("by deadline"), "budget": msgid("by hourly budget")},
}


class LimitRow(NamedTuple):
    """One limit."""

    name: str
    title: str
    #: In force, as text; "" for none, None if unknown.
    value: str | None
    #: The dispatcher's setting, as text; "" for none, None without an acting dispatcher.
    setting: str | None
    #: The name by which the setting was given; "" for the default.
    source: str
    #: By an operator; None if nobody has changed it.
    changed: Limit | None
    #: Words that a value can have; empty for a number.
    choices: Mapping[str, str]
    #: Entry of the last change in the audit log; "" if there is none that can be undone.
    undo: str
    #: The value that an undo gives back, as text; "" is the dispatcher's setting.
    before: str

    @property
    def shown(self) -> str:
        """The changed value, as a form carries it back; ENVIRONMENT if nobody has changed it."""
        return number_text(self.changed.value) if self.changed else ENVIRONMENT


def number_text(value: object) -> str:
    """Return a limit's value as it is typed; "" for none."""
    if value is None or isinstance(value, bool):
        return ""
    return f"{value:.10g}" if isinstance(value, int | float) else str(value)[:100]


def limit_rows(
    limits: Sequence[Limit], plan: Mapping[str, Any] | None, settings: Sequence[SettingInForce], acts: Sequence[Act]
) -> list[LimitRow]:
    """Return a row for each limit.

    Args:
        limits: those changed by operators.
        plan: the last plan, which has the dispatcher's settings of the limits; None without a dispatcher.
        settings: those of the acting dispatcher, with their sources; none of an older version.
        acts: the newest of the audit log, newest first.
    """
    given, sources = (plan or {}).get("settings"), {each.name: each.source for each in settings}
    changed, rows = {limit.name: limit for limit in limits}, []
    for name in LIMITS:
        limit = changed.get(name)
        setting = number_text(given[name]) if isinstance(given, dict) and name in given else None
        last = next((act for act in acts if act.limit == name), None)
        # Without a value from an operator there is one to undo only where it was reset.
        undone = last if last is not None and _is_in_force(last.values[1], limit) else None
        rows.append(
            LimitRow(
                name=name,
                title=TITLES[name],
                value=number_text(limit.value) if limit else setting,
                setting=setting,
                source=sources.get(name, ""),
                changed=limit,
                choices=CHOICES.get(name, {}),
                undo=undone.entry if undone else "",
                before=undone.values[0] if undone and undone.values[0] != ENVIRONMENT else "",
            )
        )
    return rows


def _is_in_force(text: str, limit: Limit | None) -> bool:
    if limit is None:
        return text == ENVIRONMENT
    try:
        return float(text) == float(limit.value)
    except ValueError:
        return text == str(limit.value)
