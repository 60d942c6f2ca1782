"""The live picture of a job, kept by events and beats."""

import io

from rich.console import Console

from sceneburst.terminal.board import Board
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId
from scenequeue.jobs.job import Counts, Depth, JobEvent, Lane

_ITEM = ItemId("0-0")
_DEPTH = Depth(counts=Counts(), ready_by_lane=dict.fromkeys(Lane, 0), ready_weight=0.0)


def _board() -> Board:
    return Board("job", {_ITEM: "intro"})


def _event(name: str, item_id: ItemId | None = _ITEM, **fields: str) -> JobEvent:
    return JobEvent(id="1-0", at_ms=1, event=name, item_id=item_id, fields=fields)


def test_the_progress_of_a_lost_container_is_not_that_of_the_next() -> None:
    """Its record, with its last beat, stays for a while."""
    board = _board()
    lost = ContainerRecord(container_id=ContainerId("a"), progress={"job/0-0": 0.8})
    board.take(_event("leased", container="a"))
    board.look_at([lost])
    board.take(_event("reclaimed", error="ContainerLost"))
    assert board.rows[_ITEM].container == ""
    board.take(_event("leased", container="b"))
    board.look_at([lost, ContainerRecord(container_id=ContainerId("b"), progress={"job/0-0": 0.1})])
    assert board.rows[_ITEM].share == 0.1


def test_what_a_cancelled_job_still_had_is_dropped() -> None:
    """The event names no item."""
    board = _board()
    board.take(_event("cancelled", None))
    assert board.rows[_ITEM].state == "dropped"


def test_what_others_say_cannot_steer_the_terminal() -> None:
    """The fleet's own words stand in the reason to wait."""
    board = _board()
    board.decision, board.waits = "1 → 2 \x1b[2J", "no \x1b[31mroom"
    said = io.StringIO()
    Console(file=said, width=100).print(board.render(_DEPTH, [], 100))
    assert "\x1b" not in said.getvalue()
    assert "room" in said.getvalue()
