"""Items that a container works on for far too long."""

from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.ports.item_listing import LeasedItem
from scenequeue.ports.troubles.stuck_items import LEAST_S, TIMES, UNKNOWN_S, stuck_items
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said

_NOW_MS = 10_000_000


def _item(elapsed_s: float, *, weight: float = 10.0, need: str = "render/1") -> LeasedItem:
    """An item on which work began so long ago; not yet if that is 0."""
    begun_ms = _NOW_MS - round(elapsed_s * 1000) if elapsed_s else 0
    return LeasedItem(JobId("a"), ItemId("0-1"), ContainerId("c1"), 0, 1, "scene", None, need, weight, begun_ms)


def _stuck(*items: LeasedItem) -> list[tuple[int, float | None]]:
    return [(each.begun_ms, each.usual_s) for each in stuck_items(items, {"render/1": 2.0}, _NOW_MS)]


def test_an_item_is_stuck_after_many_times_its_usual_time() -> None:
    """And not before a minute, however short it usually is; the oldest comes first."""
    late, later = _item(20 * TIMES + 1), _item(20 * TIMES + 2)
    assert _stuck(late, later, _item(20 * TIMES - 1)) == [(later.begun_ms, 20.0), (late.begun_ms, 20.0)]
    assert _stuck(_item(LEAST_S - 1, weight=0.001)) == []
    assert len(_stuck(_item(LEAST_S + 1, weight=0.001))) == 1


def test_an_item_that_has_not_begun_is_not_stuck_and_one_of_unknown_rate_after_an_hour() -> None:
    """Without a rate or a weight nobody knows how long it may take."""
    assert _stuck(_item(0), _item(UNKNOWN_S - 1, need="new/1"), _item(UNKNOWN_S - 1, weight=0)) == []
    assert _stuck(_item(UNKNOWN_S + 1, need="new/1")) == [(_NOW_MS - 3_601_000, None)]
    assert len(_stuck(_item(UNKNOWN_S + 1, weight=0))) == 1


def test_the_queue_tells_a_stuck_item_by_the_rate_that_it_has_measured(queue: SceneQueue) -> None:
    """One scene takes half a second; another, begun an hour ago, is stuck."""
    submit(queue, "a", 2)
    first, second = queue.worker.lease("c1", 2, begins_now=False)
    queue.worker.begin("c1", first)
    queue.worker.ack("c1", [done(first)])
    queue.worker.begin("c1", second)
    assert queue.inspect.stuck_items() == []
    key = queue._connection.keys.item(second.job_id, second.item_id)
    queue._connection.client.hset(key, "begun_ms", queue.inspect.now_ms() - 3_600_000)
    (stuck,) = queue.inspect.stuck_items()
    assert (stuck.job_id, stuck.item_id, stuck.name, stuck.container_id) == ("a", second.item_id, second.item.name, "c1")
    assert stuck.usual_s is not None
    assert stuck.usual_s < LEAST_S
    queue.producer.cancel("a")
    queue.dispatcher.forfeit("c1", said("the test is over"))
