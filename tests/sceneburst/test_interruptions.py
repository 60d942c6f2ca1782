"""Interrupted commands say what goes on, and what is left."""

from pathlib import Path
from typing import Any

import pytest

from sceneburst.commands.render import text_when_interrupted
from sceneburst.commands.up import queue_text
from sceneburst.exit_codes import Exit, Interrupted
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.ids import JobId
from scenequeue.jobs.job import Counts, JobState, JobStatus, Lane
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import done, submit


def test_after_an_interruption_it_is_said_what_goes_on(
    console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that is only watched does; nothing else is claimed."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise Interrupted

    submit(queue, "a", 1)
    monkeypatch.setattr("sceneburst.terminal.follow.follow", interrupted)
    ended = console("watch", "a")
    assert ended.code == Exit.INTERRUPTED
    assert ended.err.strip() == "interrupted; job a goes on; `sceneburst watch a` follows it again"
    monkeypatch.setattr("scenequeue.ports.inspector.QueueInspector.depth", interrupted)
    assert console("queue").err.strip() == "interrupted"
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.ack("c1", [done(lease)])


class _Handle:
    """A handle of a job of which so many videos are made; None: its queue is gone."""

    def __init__(self, done: int | None) -> None:
        self._done = done

    def status(self) -> JobStatus:
        if self._done is None:
            raise QueueUnavailable("gone")
        counts = Counts(done=self._done)
        return JobStatus(job_id=JobId("a"), state=JobState.ACTIVE, lane=Lane.NORMAL, counts=counts, created_ms=1)


@pytest.mark.parametrize(
    ("done", "line"),
    [
        (0, "nothing was left running, and no video was finished"),
        (1, "nothing was left running; the video that was finished is in the output"),
        (3, "nothing was left running; the 3 videos that were finished are in the output"),
        (None, ""),
    ],
)
def test_an_interrupted_render_says_how_many_videos_there_are(done: int | None, line: str) -> None:
    """None are not claimed to be in the output."""
    assert text_when_interrupted(_Handle(done)) == line  # type: ignore[arg-type]


def test_up_says_what_becomes_of_its_queue() -> None:
    """Whoever presses Ctrl-C learns whether the jobs are still there."""
    assert queue_text(None) == "its queue is gone, with the jobs on it: --data FOLDER keeps one"
    assert queue_text(Path("/srv/queue")) == "its queue is kept in /srv/queue"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("watch", "a"), "interrupted; nothing was changed: job a is as it was; `sceneburst watch a` follows it"),
        (("submit", "job.yaml"), "interrupted; nothing was enqueued"),
    ],
)
def test_an_interruption_before_the_queue_answers_says_what_became_of_the_job(
    console: Console, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], line: str
) -> None:
    """Nothing has become of it yet."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise Interrupted

    monkeypatch.setattr("scenequeue.queue.SceneQueue.__init__", interrupted)
    ended = console(*words)
    assert ended.code == Exit.INTERRUPTED
    assert " ".join(ended.err.split()) == line
