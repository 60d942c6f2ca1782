"""The output of an item whose lease is lost is not delivered, though its work was finished first."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from container_worker import heartbeat as heartbeat_module
from container_worker.exit_codes import Exit
from container_worker.files.outputs import Output
from container_worker.kind import ItemContext, ParsedItem
from scenequeue.errors import QueueUnavailable
from scenequeue.queue import SceneQueue
from scenequeue.storages.files import file_uri
from tests.container_worker.function_kind import FunctionKind
from tests.container_worker.running import Running, is_done
from tests.support.waiting import wait_until


@pytest.fixture
def delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that each item delivers; no heartbeat tells the container that its lease is lost."""
    target = tmp_path / "out" / "a.txt"

    def outputs(_self: FunctionKind, _item: ParsedItem[Any, Any]) -> Sequence[Output]:
        return [Output("a.txt", file_uri(target), "text/plain", "report")]

    monkeypatch.setattr(FunctionKind, "outputs", outputs)
    monkeypatch.setattr(heartbeat_module, "_MAX_PAUSE_S", 60.0)
    return target


@pytest.mark.parametrize("is_draining", [False, True])
def test_a_job_that_is_cancelled_before_the_delivery_leaves_no_file(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, delivered: Path, tmp_path: Path, *, is_draining: bool
) -> None:
    """File and count agree: the item is dropped. The same in a container that drains."""

    def work(context: ItemContext) -> None:
        with context.slot():
            (context.scratch / "a.txt").write_text("made")
            if is_draining:
                running.drain.ask("it is to leave", Exit.DRAINED)
            queue.producer.cancel("a")

    submit_items("a", ("work", {}))
    running = start({"work": work}, file_roots=[tmp_path])
    wait_until(lambda: queue.producer.status("a").counts.dropped == 1, "the item is dropped")
    running.drain.ask("all is done", Exit.DRAINED)
    running.wait()
    assert not delivered.exists()
    assert list(queue.producer.results("a")) == []


def test_an_output_is_delivered_though_redis_does_not_say_whose_the_lease_is(
    queue: SceneQueue,
    start: Callable[..., Running],
    submit_items: Any,
    delivered: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A finished item does not wait for Redis; its ack is repeated until it answers."""

    def gone(*_: Any) -> None:
        raise QueueUnavailable("gone")

    def work(context: ItemContext) -> None:
        with context.slot():
            (context.scratch / "a.txt").write_text("made")
            monkeypatch.setattr(queue.worker, "extend", gone)

    submit_items("a", ("work", {}))
    start({"work": work}, file_roots=[tmp_path])
    wait_until(lambda: is_done(queue), "it is done")
    assert delivered.read_text() == "made"
