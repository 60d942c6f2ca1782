"""The last lines of a container's log: kept by its process, told with its heartbeat, and there when it is gone."""

import logging
import threading
from collections.abc import Iterator

import pytest
import structlog

from scenequeue.jobs.container import TAIL_LINES, ContainerRecord, TailLines
from scenequeue.jobs.ids import ContainerId
from scenequeue.logs import LogTail, configure
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings

_DAY_S = 86_400


@pytest.fixture
def tail() -> Iterator[LogTail]:
    """The tail of this process's log, set up as a worker's."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    made = LogTail()
    configure(SceneburstSettings.load(log_format="json"), "worker", made, container_id="c1")
    yield made
    root.handlers[:] = before
    root.setLevel(level)


def test_a_tail_has_what_was_logged_as_text(tail: LogTail) -> None:
    """Without program and container, which its reader knows, and without colours; of libraries too."""
    structlog.get_logger().info("lease lost", item="a/0-0")
    logging.getLogger("library").warning("slow answer from %s", "here")
    run, first, lines = tail.after(0)
    assert (first, len(lines), run.isalnum()) == (1, 2, True)
    assert "lease lost" in lines[0]
    assert lines[0].endswith("item=a/0-0")
    assert "slow answer from here" in lines[1]
    assert not any("c1" in line or "\x1b" in line or "program" in line for line in lines)


def test_a_tail_holds_no_secret_no_long_line_and_no_line_of_a_caller(tail: LogTail) -> None:
    """Redacted before it is cut, so that no half of a secret is left; a traceback is lines of its own."""
    structlog.get_logger().info("fetching", url="redis://me:hunter2@host", password="hunter2")
    structlog.get_logger().info("fetching", url="x" * 250 + " https://host/a?token=hunter2hunter2")
    structlog.get_logger().info("a\nname", name="evil\x1b[2J")
    try:
        raise ValueError("redis://me:hunter2@host")
    except ValueError:
        structlog.get_logger().exception("failed")
    lines = tail.after(0).lines
    assert max(map(len, lines)) == 300
    assert lines[-1] == "ValueError: redis://me:***@host"
    assert not any("hunter" in line or "\n" in line or "\x1b" in line for line in lines)


def test_a_tail_is_bounded_and_knows_what_is_new(tail: LogTail) -> None:
    """Lines that were never asked for in time are gone; the numbers tell."""
    for number in range(1, 451):
        logging.getLogger("many").warning("line %d", number)
    assert tail.after(450).lines == []
    _, first, lines = tail.after(448)
    assert first == 449
    assert [line.rpartition("line ")[2].split()[0] for line in lines] == ["449", "450"]
    _, first, lines = tail.after(0)
    assert (first, len(lines)) == (251, TAIL_LINES)


def test_a_tail_loses_no_line_when_threads_log_at_once(tail: LogTail) -> None:
    """A reader sees whole lines while others log."""

    def log() -> None:
        for number in range(25):
            logging.getLogger("many").warning("line %d", number)

    threads = [threading.Thread(target=log) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen: list[str] = []
    while any(thread.is_alive() for thread in threads):
        seen += tail.after(len(seen)).lines
    seen += tail.after(len(seen)).lines
    assert seen == tail.after(0).lines
    assert len(seen) == 100


def _told(queue: SceneQueue, container_id: str = "c1") -> list[str]:
    return queue.inspect.log(container_id)


def test_lines_that_are_told_twice_are_kept_once(any_queue: SceneQueue) -> None:
    """After an answer that was lost, also together with what came since."""
    queue = any_queue
    queue.worker.log("c1", TailLines("aa", 1, ["one", "two words"]))
    queue.worker.log("c1", TailLines("aa", 1, ["one", "two words"]))
    queue.worker.log("c1", TailLines("aa", 2, ["two words", "three"]))
    assert _told(queue) == ["one", "two words", "three"]
    assert _told(queue, "c2") == []


def test_a_container_that_begins_anew_goes_on_in_the_same_log(any_queue: SceneQueue) -> None:
    """Its numbers begin at 1 again; what the one before told is still there."""
    queue = any_queue
    queue.worker.log("c1", TailLines("aa", 1, ["one", "two"]))
    queue.worker.log("c1", TailLines("bb", 1, ["new"]))
    assert _told(queue) == ["one", "two", "new"]


def test_the_log_in_redis_is_bounded_and_ends_a_day_after_the_last_news(any_queue: SceneQueue) -> None:
    """Of a container that logs much, the last 200; of a quiet one, each beat keeps it."""
    queue = any_queue
    for first in range(1, 1001, TAIL_LINES):
        queue.worker.log("c1", TailLines("aa", first, [f"line {first + at}" for at in range(TAIL_LINES)]))
    assert _told(queue) == [f"line {number}" for number in range(801, 1001)]
    key, client = queue._connection.keys.log("c1"), queue._connection.client
    assert _DAY_S - 5 <= client.ttl(key) <= _DAY_S
    client.expire(key, 10)
    queue.worker.beat(ContainerRecord(container_id=ContainerId("c1")))
    assert _DAY_S - 5 <= client.ttl(key) <= _DAY_S


def test_a_log_that_somebody_else_has_written_is_begun_anew(any_queue: SceneQueue) -> None:
    """Whatever stands there; a reader sees nothing in it, and fails at nothing."""
    queue = any_queue
    client, key = queue._connection.client, queue._connection.keys.log("c1")
    client.set(key, "no list")
    assert _told(queue) == []
    queue.worker.log("c1", TailLines("aa", 1, ["one"]))
    assert _told(queue) == ["one"]
    client.lpush(key, "no number", "aa-99999999999999999999999 x")
    queue.worker.log("c1", TailLines("aa", 2, ["two"]))
    assert _told(queue)[-1] == "two"
