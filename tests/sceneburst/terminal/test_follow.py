"""Following a job: quiet, in lines, as data, live on a terminal, and for a limited time."""

import io
from typing import Any

import pytest
from rich.console import Console

from sceneburst.terminal import follow as following
from sceneburst.terminal.follow import follow
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said

_NAMES = {ItemId("0-0"): "intro", ItemId("0-1"): "outro"}


@pytest.fixture
def ended(queue: SceneQueue) -> SceneQueue:
    """A job with a scene that is done and one that has failed."""
    submit(queue, "a", 2)
    first, second = queue.worker.lease("c1", 2)
    queue.worker.ack("c1", [done(first)])
    queue.worker.fail("c1", second, "BadInput", said("no picture"), transient=False)
    return queue


def _screen(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> io.StringIO:
    said = io.StringIO()
    screen = Console(file=said, force_terminal=is_terminal, width=100, color_system=None)
    monkeypatch.setattr(following, "err", screen)
    monkeypatch.setattr(following, "note", lambda text, _style="": said.write(f"{text}\n"))
    return said


def test_a_log_gets_a_line_for_each_end(ended: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the names of the caller."""
    said = _screen(monkeypatch, is_terminal=False)
    assert follow(ended, "a", _NAMES).state is JobState.FAILED
    assert said.getvalue().splitlines() == ["done    intro", "failed  outro: BadInput: no picture"]


def test_a_terminal_gets_the_board_and_keeps_the_failures(ended: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The board goes when the job has ended; what failed stays."""
    said = _screen(monkeypatch, is_terminal=True)
    assert follow(ended, "a", _NAMES).state is JobState.FAILED
    assert "intro" in said.getvalue()
    assert said.getvalue().splitlines()[-1].endswith("failed  outro: BadInput: no picture")


def test_nothing_is_said_where_quiet_is_asked_for(ended: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a terminal."""
    said = _screen(monkeypatch, is_terminal=True)
    assert follow(ended, "a", _NAMES, is_quiet=True).counts.done == 1
    assert said.getvalue() == ""


def test_a_program_gets_everything_as_data(ended: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is printed."""
    said, told = _screen(monkeypatch, is_terminal=True), list[dict[str, Any]]()
    follow(ended, "a", _NAMES, tell=told.append)
    assert said.getvalue() == ""
    assert [each["event"] for each in told if each.get("item_id") == "0-1"] == ["leased", "dead"]
    assert {each["name"] for each in told if each.get("item_id")} == {"intro", "outro"}


def test_a_time_limit_ends_the_watching_and_not_the_job(queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The status at that moment is the answer."""
    _screen(monkeypatch, is_terminal=False)
    submit(queue, "a", 2)
    assert follow(queue, "a", _NAMES, timeout_s=0.0).state is JobState.ACTIVE
    assert queue.producer.status("a").counts.ready == 2


def test_a_check_that_raises_ends_the_watching(queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the dispatcher beside it has died."""
    _screen(monkeypatch, is_terminal=False)
    submit(queue, "a", 1)

    def check() -> None:
        raise RuntimeError("the dispatcher has ended")

    with pytest.raises(RuntimeError, match="has ended"):
        follow(queue, "a", _NAMES, check=check)
