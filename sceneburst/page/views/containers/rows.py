"""Makes rows of containers: in groups by state, filtered and sorted; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from dispatcher.decisions.pricing import cost_usd, hourly_usd
from sceneburst.page.languages import msgid
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Reason

Group = Literal["starting", "running", "draining", "ended"]
#: The groups in their order, with their titles.
GROUPS: Mapping[Group, str] = {
    "draining": msgid("Draining or to stop"),
    "running": msgid("Running"),
    "starting": msgid("Starting"),
    "ended": msgid("Ended within a day"),
}
#: Orders that a table can have, with their names.
ORDERS: Mapping[str, str] = {
    "age": msgid("newest first"),
    "oldest": msgid("oldest first"),
    "cost": msgid("dearest first"),
    "cpu": msgid("busiest first"),
    "silent": msgid("longest silent first"),
}
#: Rows of a group that are shown, and items of a row.
_MAX_ROWS, _MAX_ITEMS = 100, 6
_DAY_MS = 86_400_000


class Share(NamedTuple):
    """An item that is worked on."""

    job_id: str
    item_id: str
    #: Done, 0 to 1.
    share: float


@dataclass(frozen=True)
class Row:
    """One container as it is listed."""

    container_id: str
    group: Group
    fleet: str
    #: Region; "" if it has none.
    place: str
    vcpu: float
    memory_mib: int
    is_spot: bool
    #: Seconds since its launch, or of its whole life.
    age_s: float
    #: Seconds since its last report; None before the first, and after its end.
    silent_s: float | None
    cost_usd: float
    usd_per_hour: float
    #: 0 to 1.
    cpu_share: float
    memory_used_mib: int
    slots: int
    held: int
    done: int
    failed: int
    works_on: tuple[Share, ...]
    #: The reason that it drains or has ended, or what is wrong with its record.
    about: Reason | None
    ended_ms: int

    @property
    def more_items(self) -> int:
        """Items that it holds beside those listed."""
        return max(0, self.held - len(self.works_on))


class Table(NamedTuple):
    """A group of containers."""

    group: Group
    title: str
    rows: list[Row]
    #: All that match, shown or not.
    total: int
    usd_per_hour: float

    @property
    def more(self) -> int:
        """Containers that match and are not shown."""
        return self.total - len(self.rows)


def group_of(record: ContainerRecord) -> Group:
    """Return the group that a container belongs to."""
    if record.has_ended:
        return "ended"
    if record.is_draining or record.state == "draining" or record.stop_ms:
        return "draining"
    return "starting" if record.state in {"intended", "launched"} else "running"


def row_of(record: ContainerRecord, now_ms: int) -> Row:
    """Return the row of a container."""
    began_ms = record.launched_ms or record.started_ms or record.intended_ms
    until_ms = record.ended_ms if record.has_ended and record.ended_ms else now_ms
    silent_s = max(0, now_ms - record.beat_ms) / 1000 if record.beat_ms and not record.has_ended else None
    return Row(
        container_id=record.container_id,
        group=group_of(record),
        fleet=record.fleet,
        place=record.region,
        vcpu=record.vcpu,
        memory_mib=record.memory_mib,
        is_spot=record.is_spot,
        age_s=max(0, until_ms - began_ms) / 1000 if began_ms else 0.0,
        silent_s=silent_s,
        cost_usd=cost_usd(record, now_ms),
        usd_per_hour=0.0 if record.has_ended else hourly_usd([record]),
        cpu_share=min(1.0, max(0.0, record.cpu_share)),
        memory_used_mib=max(0, record.memory_used_mib),
        slots=max(0, record.slots),
        held=0 if record.has_ended else max(0, record.held),
        done=record.done,
        failed=record.failed,
        works_on=() if record.has_ended else shares_of(record)[:_MAX_ITEMS],
        about=record.why if record.has_ended and record.why else record.remark,
        ended_ms=record.ended_ms if record.has_ended else 0,
    )


def shares_of(record: ContainerRecord) -> tuple[Share, ...]:
    """Return the items that a container works on, the nearest to their end first."""
    found = [Share(*_split(key), min(1.0, max(0.0, share))) for key, share in record.progress.items()]
    return tuple(sorted(found, key=lambda each: (-each.share, each.job_id, each.item_id)))


def _split(key: str) -> tuple[str, str]:
    job_id, _, item_id = key.partition("/")
    return job_id, item_id


_ORDERS: Mapping[str, Callable[[Row], Any]] = {
    "age": lambda row: row.age_s,
    "oldest": lambda row: -row.age_s,
    "cost": lambda row: -row.cost_usd,
    "cpu": lambda row: -row.cpu_share,
    "silent": lambda row: -(row.silent_s or 0.0),
}


def tables_of(records: Sequence[ContainerRecord], now_ms: int, query: Mapping[str, str]) -> list[Table]:
    """Return the groups that have containers, filtered and sorted as the query says.

    Args:
        records: with their marks.
        now_ms: Redis's clock.
        query: `state`, a group; `text`, part of an id, a job, a fleet or a place; `sort`, one of ORDERS.
    """
    wanted, text = query.get("state", ""), query.get("text", "").casefold()
    rows = [row_of(record, now_ms) for record in records if not _is_forgotten(record, now_ms) and _matches(record, text)]
    tables = []
    for group, title in GROUPS.items():
        found = [row for row in rows if row.group == group and (wanted not in GROUPS or wanted == group)]
        order = _ORDERS.get(query.get("sort", ""), _ORDERS["age"])
        if group == "ended" and query.get("sort", "age") in {"", "age"}:
            found.sort(key=lambda row: -row.ended_ms)
        else:
            found.sort(key=lambda row: (order(row), row.container_id))
        if found:
            tables.append(Table(group, title, found[:_MAX_ROWS], len(found), sum(row.usd_per_hour for row in found)))
    return tables


def drainable_in(records: Sequence[ContainerRecord], query: Mapping[str, str]) -> list[ContainerId]:
    """Return the containers of a filter that neither drain nor have ended."""
    text, wanted = query.get("text", "").casefold(), query.get("state", "")
    groups = {"starting", "running"} & ({wanted} if wanted in GROUPS else GROUPS.keys())
    return [record.container_id for record in records if group_of(record) in groups and _matches(record, text)]


def counts_of(records: Sequence[ContainerRecord], now_ms: int) -> dict[Group, int]:
    """Count the containers by group, whatever the filter."""
    groups = [group_of(record) for record in records if not _is_forgotten(record, now_ms)]
    return {group: groups.count(group) for group in GROUPS}


def _is_forgotten(record: ContainerRecord, now_ms: int) -> bool:
    return record.has_ended and bool(record.ended_ms) and now_ms - record.ended_ms > _DAY_MS


def _matches(record: ContainerRecord, text: str) -> bool:
    if not text:
        return True
    words = (record.container_id, record.fleet, record.region, record.host, record.for_job, record.image, *record.progress)
    return any(text in word.casefold() for word in words)
