"""The front view in the page: troubles with their acts, money, numbers, decisions; hostile texts harmless."""

import gc
import weakref

import pytest

from sceneburst.page.views import now
from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import SceneburstSettings
from tests.sceneburst.page.serving import Page
from tests.scenequeue.jobs import submit

_HOSTILE = "<script>alert(1)</script>\x1b[31m"


@pytest.fixture
def troubled(queue: SceneQueue) -> SceneQueue:
    """A queue without a dispatcher, with dead letters and a paused lane."""
    submit(queue, "a", 3, labels={"shop": "north"})
    for lease in queue.worker.lease("c1", 2):
        missing = Reason("object_missing", {"uri": f"s3://b/{_HOSTILE}", "answer": "NoSuchBucket"})
        queue.worker.fail("c1", lease, "ObjectNotFound", missing, transient=False)
    submit(queue, "b", 2, lane=Lane.BULK)
    queue.operator.pause(lane=Lane.BULK, by="ann@ops", why=_HOSTILE)
    return queue


@pytest.mark.usefixtures("troubled")
def test_the_first_view_tells_what_is_stuck_and_what_to_do(page: Page) -> None:
    """With the form that resumes, and everything that others have written escaped."""
    html = page.text("/")
    for text in (
        "2 dead",
        "create the bucket, or correct the address",
        "no dispatcher",
        "lane bulk paused",
        "sceneburst queue resume",
    ):
        assert text in html
    assert '<input type="hidden" name="about" value="lane=bulk">' in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html
    assert "\x1b" not in html


@pytest.mark.usefixtures("troubled")
def test_it_is_told_in_chinese_too(page: Page) -> None:
    """Troubles as well as the words around them."""
    html = page.text("/", headers={"Accept-Language": "zh"})
    for text in ("2 个死信", "没有调度器", "通道 bulk 已暂停", "卡住的内容及原因"):
        assert text in html


def test_a_lane_that_is_resumed_there_is_no_trouble_any_more(page: Page, troubled: SceneQueue) -> None:
    """With a reason, which the audit log keeps."""
    (pause,) = troubled.inspect.pauses()
    page.act("/steering/pauses/resume", about="lane=bulk", since=str(pause.since_ms), why="disk is empty")
    assert troubled.inspect.pauses() == []
    assert "lane bulk paused" not in page.text("/")


def test_the_view_keeps_no_queue_that_nobody_uses(redis_url: str, namespace: str) -> None:
    """One process may serve several, one after the other."""
    queue = SceneQueue(SceneburstSettings.load(redis_url=redis_url, namespace=namespace))
    now.VIEW.look(queue, {})
    queue.close()
    seen = weakref.ref(queue)
    del queue
    gc.collect()
    assert seen() is None
