"""How a running job stands, scene by scene, and how that looks on a terminal or in a log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from scenequeue.items import ContainerRecord, Depth, JobEvent

#: Rows shown at once; of a longer job, those that move.
_ROWS = 12
_BAR_WIDTH = 32
_ENDED = frozenset({"done", "dead", "dropped"})
_LOOK = {"done": "green", "dead": "red", "rendering": "cyan", "retry": "yellow", "waiting": "dim"}


@dataclass
class Row:
    """One scene."""

    name: str
    state: str = "waiting"
    share: float = 0.0
    container: str = ""


class Board:
    """All scenes of a job, kept up to date by its events and the containers' beats.

    Args:
        job_id: whose.
        names: the scenes' names in the caller's order.
    """

    def __init__(self, job_id: str, names: Sequence[str]) -> None:
        self._job_id = job_id
        self.rows = {f"0-{index}": Row(name) for index, name in enumerate(names)}
        self.decision = ""
        #: Why nothing of the job is worked on, where somebody has to act.
        self.waits = ""

    def take(self, event: JobEvent) -> str | None:
        """Note an event; returns a line for a log where it is worth one."""
        row = self.rows.get(event.item_id or "")
        if row is None:
            return None
        if event.event == "leased":
            row.state, row.share, row.container = "leased", 0.0, event.fields.get("container", "")
        elif event.event == "done":
            row.state, row.share = "done", 1.0
            return f"done    {row.name}"
        elif event.event == "dead":
            row.state = "dead"
            return f"failed  {row.name}"
        elif event.event in {"retry", "reclaimed"}:
            row.state, row.share = "retry", 0.0
            return f"retry   {row.name} ({event.fields.get('error', event.event)})"
        elif event.event in {"released", "requeued"}:
            row.state, row.share = "waiting", 0.0
        return None

    def look_at(self, containers: Iterable[ContainerRecord]) -> None:
        """Note the progress that containers report."""
        for record in containers:
            for key, share in record.progress.items():
                job_id, _, item_id = key.partition("/")
                row = self.rows.get(item_id) if job_id == self._job_id else None
                if row is not None and row.state == "leased":
                    row.share = max(row.share, share)

    def render(self, depth: Depth, containers: Sequence[ContainerRecord]) -> RenderableType:
        """The live picture: a bar per scene, the queue, the containers, the dispatcher's decision."""
        grid = Table.grid(padding=(0, 1))
        shown = self._shown()
        for row in shown:
            state = "rendering" if row.state == "leased" and row.share > 0 else row.state
            bar = ProgressBar(total=1.0, completed=row.share, width=_BAR_WIDTH)
            look = Text(state, style=_LOOK.get(state, ""))
            grid.add_row(Text(row.name), bar, f"{row.share:4.0%}", look, Text(row.container, style="dim"))
        parts: list[RenderableType] = [grid]
        if len(self.rows) > len(shown):
            parts.append(Text(f"… and {len(self.rows) - len(shown)} more scenes", style="dim"))
        counts = depth.counts
        parts.append(
            Text(
                f"queue: {counts.ready} ready · {counts.leased} in flight · {counts.delayed} delayed · {counts.done} done · "
                f"{counts.dead} dead    containers: {sum(record.state == 'running' for record in containers)} running, "
                f"{sum(record.state in {'intended', 'launched'} for record in containers)} starting"
            )
        )
        if self.decision:
            parts.append(Text(f"dispatcher: {self.decision}", style="bold"))
        if self.waits:
            parts.append(Text(f"waits: {self.waits}", style="yellow"))
        return Group(*parts)

    def _shown(self) -> list[Row]:
        rows = list(self.rows.values())
        if len(rows) <= _ROWS:
            return rows
        moving = [row for row in rows if row.state not in _ENDED and row.state != "waiting"]
        rest = [row for row in rows if row.state == "waiting"] + [row for row in reversed(rows) if row.state in _ENDED]
        return (moving + rest)[:_ROWS]
