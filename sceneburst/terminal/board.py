"""Shows the state of a running job, item by item, on a terminal or in a log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sceneburst.counted import counted
from sceneburst.terminal.screen import shown as clean
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.job import Depth, JobEvent

#: Maximum number of rows; for a longer job, the rows of running scenes.
_ROWS = 12
_BAR_WIDTH = 32
_NARROWEST_BAR, _SHARE_WIDTH, _STATE_WIDTH = 6, 4, 9
#: Minimum width of a remark if the bar leaves room for it: the length of a container's id.
_REMARK_WIDTH = 13
_ENDED = frozenset({"done", "dead", "dropped"})
_LOOK = {"done": "green", "dead": "red", "rendering": "cyan", "at work": "cyan", "retry": "yellow", "waiting": "dim"}


@dataclass
class Row:
    """One scene, film, or other item."""

    name: str
    state: str = "waiting"
    share: float = 0.0
    container: str = ""
    #: The container that has a spare lease of it.
    spare: str = ""
    #: The error of the latest event, in one line; "" if it has none.
    reason: str = ""


class Board:
    """All items of a job, updated by its events and by the containers' heartbeats.

    Args:
        job_id: the job.
        names: item id -> name, of the scenes in the caller's order and of their film; `learn` takes those of later items.
    """

    def __init__(self, job_id: str, names: Mapping[ItemId, str]) -> None:
        self._job_id = job_id
        self.rows = {item_id: Row(name) for item_id, name in names.items()}
        self.decision = ""
        #: The reason that nothing of the job is worked on, if somebody must act.
        self.waits = ""

    def learn(self, names: Mapping[ItemId, str]) -> None:
        """Take the names of items that others have brought, in their order."""
        known = self.rows
        self.rows = {item_id: known.get(item_id) or Row(name) for item_id, name in names.items()}
        self.rows |= {item_id: row for item_id, row in known.items() if item_id not in self.rows}

    def take(self, event: JobEvent) -> str | None:
        """Apply an event; return a line for the log if it is important."""
        if event.item_id is None:
            if event.event == "cancelled":
                for row in self.rows.values():
                    row.state = row.state if row.state in _ENDED else "dropped"
            return None
        row = self.rows.setdefault(event.item_id, Row(event.item_id))
        if event.event in {"spare", "yielded"}:
            return _change_holders(row, event)
        row.reason, row.container, row.spare = _reason(event), "", ""
        if event.event == "leased":
            row.state, row.share, row.container = "leased", 0.0, event.fields.get("container", "")
        elif event.event == "done":
            row.state, row.share = "done", 1.0
            return f"done    {row.name}"
        elif event.event == "dead":
            row.state = "dead"
            return _failed(row)
        elif event.event in {"retry", "reclaimed"}:
            row.state, row.share = "retry", 0.0
            return f"retry   {row.name}: {row.reason}"
        elif event.event in {"released", "requeued"}:
            row.state, row.share = "waiting", 0.0
        return None

    def name_of(self, item_id: ItemId | None) -> str | None:
        """Return the name of an item."""
        row = self.rows.get(item_id) if item_id else None
        return row.name if row else None

    def failures(self) -> list[str]:
        """Return a line for each failed item."""
        return [_failed(row) for row in self.rows.values() if row.state == "dead"]

    def update_progress(self, containers: Iterable[ContainerRecord]) -> None:
        """Apply the progress that containers report."""
        for record in containers:
            for key, share in record.progress.items():
                job_id, _, item_id = key.partition("/")
                row = self.rows.get(ItemId(item_id)) if job_id == self._job_id else None
                if row is not None and row.state == "leased" and record.container_id in {row.container, row.spare}:
                    row.share = max(row.share, share)

    def render(self, depth: Depth, containers: Sequence[ContainerRecord], width: int) -> RenderableType:
        """Return the live display: a bar per item, the queue, the containers, the dispatcher's plan."""
        rows = self._shown()
        # Items that others bring are no scenes.
        at_work, noun = ("rendering", "scene") if all("." not in item_id for item_id in self.rows) else ("at work", "item")
        grid = _grid(max((cell_len(clean(row.name)) for row in rows), default=0), width)
        for row in rows:
            state = at_work if row.state == "leased" and row.share > 0 else row.state
            bar = ProgressBar(total=1.0, completed=row.share)
            look = Text(state, style=_LOOK.get(state, ""))
            remark = Text(clean(row.reason or row.container), style="dim")
            grid.add_row(Text(clean(row.name)), bar, f"{row.share:4.0%}", look, remark)
        parts: list[RenderableType] = [grid]
        if len(self.rows) > len(rows):
            done = sum(row.state == "done" for row in self.rows.values())
            more = counted(len(self.rows) - len(rows), f"more {noun}")
            parts.append(Text(f"… and {more}; {done} of {len(self.rows)} done", style="dim"))
        counts = depth.counts
        parts.append(
            Text(
                f"queue: {counts.ready} ready · {counts.leased} in flight · {counts.delayed} delayed · {counts.done} done · "
                f"{counts.dead} dead    containers: {sum(record.state == 'running' for record in containers)} running, "
                f"{sum(record.state in {'intended', 'launched'} for record in containers)} starting"
            )
        )
        if self.decision:
            parts.append(Text(f"dispatcher: {clean(self.decision)}", style="bold"))
        if self.waits:
            parts.append(Text(f"waits: {clean(self.waits)}", style="yellow"))
        return Group(*parts)

    def _shown(self) -> list[Row]:
        rows = list(self.rows.values())
        if len(rows) <= _ROWS:
            return rows
        moving = [row for row in rows if row.state not in _ENDED and row.state != "waiting"]
        rest = [row for row in rows if row.state == "waiting"] + [row for row in reversed(rows) if row.state in _ENDED]
        return (moving + rest)[:_ROWS]


def _change_holders(row: Row, event: JobEvent) -> str | None:
    """Apply the beginning of a spare lease, or the end of one of two leases."""
    container = event.fields.get("container", "")
    if event.event == "spare":
        row.spare = container
        return f"spare   {row.name}: a second container works on it, as it takes too long"
    row.container, row.spare = row.spare if container == row.container else row.container, ""
    return None


def _grid(name_width: int, width: int) -> Table:
    """Make an empty grid with a row per item: name, bar, share, state and remark; too long cells are cut."""
    name = min(name_width, max(_REMARK_WIDTH, width // 3))
    fixed = name + _SHARE_WIDTH + _STATE_WIDTH + 4
    bar = max(_NARROWEST_BAR, min(_BAR_WIDTH, width - fixed - _REMARK_WIDTH))
    made = Table.grid(padding=(0, 1))
    for each in (name, bar, _SHARE_WIDTH, _STATE_WIDTH, max(1, width - fixed - bar)):
        made.add_column(width=each, no_wrap=True, overflow="ellipsis")
    return made


def _failed(row: Row) -> str:
    return f"failed  {row.name}: {row.reason}"


def _reason(event: JobEvent) -> str:
    error, message = event.fields.get("error", ""), event.fields.get("message", "")
    return f"{error}: {message}" if message else error
