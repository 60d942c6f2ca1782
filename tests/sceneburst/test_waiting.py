"""Commands say why a job waits."""

import json
from collections.abc import Iterator

import pytest

from sceneburst.terminal.follow import follow
from scenequeue.jobs.ids import ItemId
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.media import Media

_NAMES = {ItemId("0-0"): "one", ItemId("0-1"): "two"}


@pytest.fixture
def waiting(queue: SceneQueue) -> Iterator[SceneQueue]:
    """A queue with job `a`, that no dispatcher acts on."""
    submit(queue, "a", 2)
    yield queue
    queue.producer.cancel("a")


def test_status_says_why_a_job_waits(console: Console, waiting: SceneQueue) -> None:
    """In a sentence for people, with a code for programs."""
    assert "no dispatcher has acted" in console("status", "a").out
    waiting.operator.pause()
    told = json.loads(console("status", "a", "--json").out)["waits_because"]
    assert told == {"code": "paused", "parameters": {}, "text": "the queue is paused; `sceneburst queue resume` goes on"}
    waiting.operator.resume()
    (lease, *_) = waiting.worker.lease("c1", 1)
    assert "it waits" not in console("status", "a").out
    assert json.loads(console("status", "a", "--json").out)["waits_because"] is None
    waiting.worker.release("c1", [lease])


def test_who_watches_is_told_once(waiting: SceneQueue, capsys: pytest.CaptureFixture[str]) -> None:
    """And not again at every look."""
    follow(waiting, "a", _NAMES, timeout_s=0.8)
    assert capsys.readouterr().err.count("waits   no dispatcher has acted") == 1
    # Who has just started one is told nothing.
    follow(waiting, "a", _NAMES, timeout_s=0.1, check=lambda: None)
    assert "waits" not in capsys.readouterr().err


def test_submitting_without_a_dispatcher_says_so(console: Console, queue: SceneQueue, media: Media) -> None:
    """On standard error; the job is enqueued."""
    scene = {"name": "a", "image": str(media.image()), "audio": str(media.tone())}
    manifest = media.folder / "job.json"
    manifest.write_text(json.dumps({"scenes": [scene], "output": "s3://bucket/out"}))
    ended = console("submit", str(manifest), "--job-id", "b", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["waits_because"]["code"] == "no_dispatcher"
    queue.producer.cancel("b")
