"""The live picture of a job, kept by events and beats."""

import io

import pytest
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
    board.update_progress([lost])
    board.take(_event("reclaimed", error="ContainerLost"))
    assert board.rows[_ITEM].container == ""
    board.take(_event("leased", container="b"))
    board.update_progress([lost, ContainerRecord(container_id=ContainerId("b"), progress={"job/0-0": 0.1})])
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


@pytest.mark.parametrize(
    ("names", "state", "line"),
    [
        (("leased",), "leased", None),
        (("leased", "done"), "done", "done    intro"),
        (("leased", "retry"), "retry", "retry   intro: ToolFailed: no space"),
        (("leased", "reclaimed"), "retry", "retry   intro: ToolFailed: no space"),
        (("leased", "released"), "waiting", None),
        (("leased", "dead"), "dead", "failed  intro: ToolFailed: no space"),
        (("leased", "dead", "requeued"), "waiting", None),
    ],
)
def test_each_event_has_its_state_and_those_of_weight_a_line(names: tuple[str, ...], state: str, line: str | None) -> None:
    """A failure has its reason in the line."""
    board = _board()
    lines = [board.take(_event(name, error="ToolFailed", message="no space")) for name in names]
    assert (board.rows[_ITEM].state, lines[-1]) == (state, line)
    assert board.failures() == ([line] if state == "dead" else [])


def test_a_long_job_shows_what_moves_and_counts_the_rest() -> None:
    """Of fifty scenes twelve rows, those at work first."""
    board = Board("job", {ItemId(f"0-{index}"): f"scene{index}" for index in range(50)})
    board.take(_event("leased", ItemId("0-40"), container="c1"))
    board.take(_event("done", ItemId("0-3")))
    said = io.StringIO()
    Console(file=said, width=100).print(board.render(_DEPTH, [], 100))
    lines = said.getvalue().splitlines()
    assert lines[0].startswith("scene40")
    assert sum(line.startswith("scene") for line in lines) == 12
    assert "… and 38 more scenes" in said.getvalue()


def test_an_item_that_nobody_named_has_its_id() -> None:
    """One of a stage that grew is told all the same."""
    board = _board()
    assert board.take(_event("done", ItemId("1-0.3"))) == "done    1-0.3"
    assert board.name_of(ItemId("1-0.3")) == "1-0.3"
    assert board.name_of(None) is None


def test_items_that_others_bring_get_their_names_and_no_words_of_scenes() -> None:
    """They stand in their order, with what is known of them already."""
    board = Board("job", {_ITEM: "probe"})
    brought = ItemId("1-0.0")
    board.take(_event("done"))
    board.learn({_ITEM: "probe", **{ItemId(f"1-0.{number}"): f"segment {number}" for number in range(14)}})
    board.take(_event("leased", brought, container="a"))
    board.update_progress([ContainerRecord(container_id=ContainerId("a"), progress={"job/1-0.0": 0.5})])
    said = io.StringIO()
    Console(file=said, width=60).print(board.render(_DEPTH, [], 60))
    assert board.rows[_ITEM].state == "done"
    assert "segment 0" in said.getvalue()
    assert "at work" in said.getvalue()
    assert "… and 3 more items; 1 of 15 done" in said.getvalue()
