"""The list of jobs and the view of one, with real acts."""

import pytest

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code, Reason
from tests.sceneburst.page.serving import Page
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said

_HOSTILE = '"><script>alert(1)</script>\u202e'


def _fail_one(queue: SceneQueue, job: str, count: int = 3) -> None:
    submit(queue, job, count, labels={"shop": "north"})
    first, *others = queue.worker.lease("c1", count)
    why = Reason(Code.OTHER, {"text": f"no such input {_HOSTILE}\nlast line of the tool"})
    queue.worker.fail("c1", first, "ObjectNotFound", why, transient=False)
    queue.worker.ack("c1", [done(each) for each in others])


def test_jobs_are_found_by_several_properties_at_once(page: Page, queue: SceneQueue) -> None:
    """The counts beside them say that they are of the whole queue."""
    submit(queue, "a-1", 1, lane=Lane.BULK, labels={"shop": "north"})
    submit(queue, "a-2", 1, labels={"shop": "north"})
    submit(queue, "b-1", 1, lane=Lane.BULK)
    html = page.text("/jobs?lane=bulk&label=shop%3Dnorth&name=a-&state=active&since=today")
    assert "/jobs/a-1" in html
    assert "/jobs/a-2" not in html
    assert "/jobs/b-1" not in html
    assert "Jobs of the whole queue, whatever the filter" in html
    assert "No job matches" in page.text("/jobs?name=a-&since=2199-01-01")
    assert "malformed" in page.text("/jobs?state=nonsense")


def test_paging_shows_every_job_once_though_many_came_in_one_millisecond(page: Page, queue: SceneQueue) -> None:
    """The next page begins behind the last job of the one before."""
    wanted = {f"j-{n:03}" for n in range(60)}
    for name in sorted(wanted):
        submit(queue, name, 1)
    keys, client = queue._connection.keys, queue._connection.client
    at = int(client.zscore(keys.jobs, "j-030") or 0)
    for name in wanted:
        client.hset(keys.job(name), "created_ms", at)
    for index in (keys.jobs, keys.of("jobs:state:active"), keys.of("jobs:lane:normal")):
        client.zadd(index, dict.fromkeys(wanted, at), xx=True)
    first = page.text("/jobs")
    before = first.partition("before=")[2].partition('"')[0]
    second = page.text(f"/jobs?before={before}")
    seen = [{name for name in wanted if f'href="/jobs/{name}"' in html} for html in (first, second)]
    assert len(seen[0]) == 50
    assert seen[0] | seen[1] == wanted
    assert not seen[0] & seen[1]


def test_a_job_shows_stages_numbers_failed_items_with_their_history_and_events(page: Page, queue: SceneQueue) -> None:
    """Whatever an error contains is text."""
    _fail_one(queue, "order")
    html = page.text("/jobs/order")
    for text in ("3 of 3 items have ended", "scene0", "ObjectNotFound", "last line of the tool", "attempt 1", "Retry 1 failed"):
        assert text in html, text
    assert "<script>alert" not in html
    assert "\u202e" not in html
    (frame,) = page.frames("job", 1, job_id="order")
    assert {"job", "stages", "failed", "items", "events"} <= set(frame["sections"])


def test_a_failed_item_is_retried_with_a_reason_and_the_filter_is_kept(page: Page, queue: SceneQueue) -> None:
    """A second operator changes nothing; without a reason nobody does."""
    _fail_one(queue, "order")
    back = "job_id=order&items=dead"
    assert page.act("/jobs/order/retry", item="0-0", back=back).status_code == 400
    answer = page.act("/jobs/order/retry", item="0-0", back=back, why="its input is there")
    assert answer.headers["location"] == "/jobs/order?items=dead&said=retried&n=1&m=0"
    assert "1 failed item is ready again" in page.text(answer.headers["location"])
    again = page.act("/jobs/order/retry", item="0-0", back=back, why="mine")
    assert "said=unchanged" in again.headers["location"]
    assert [(act.act, act.why) for act in queue.inspect.acts()] == [("requeue", "its input is there")]


def test_a_job_is_paused_resumed_and_cancelled(page: Page, queue: SceneQueue) -> None:
    """Each with its scope in numbers, and once."""
    submit(queue, "order", 4)
    said = [
        page.act(f"/jobs/order/{act}", back="job_id=order", why="x")
        .headers["location"]
        .partition("said=")[2]
        .removesuffix("&m=0")
        for act in ("pause", "pause", "resume", "cancel", "cancel", "pause")
    ]
    assert said == ["paused&n=4", "unchanged&n=0", "resumed&n=4", "cancelled&n=4", "ended&n=0", "ended&n=0"]
    assert queue.inspect.job("order").state is JobState.CANCELLED


def test_items_are_found_by_state_and_name_in_pages(page: Page, queue: SceneQueue) -> None:
    """The page goes on behind its last item."""
    submit(queue, "many", 30)
    queue.worker.ack("c1", [done(each) for each in queue.worker.lease("c1", 30)])
    first = page.text("/jobs/many?items=done")
    assert first.count('data-key="0-') == 24
    assert "after=0-23" in first
    assert page.text("/jobs/many?items=done&after=0-23").count('data-key="0-') == 6
    assert page.text("/jobs/many?find=scene29").count('data-key="0-') == 1


@pytest.mark.parametrize("query", ["after=%F0", "after=0-999999999999", "after=x-y", "items=%3Cb%3E", "find=%00"])
def test_hostile_queries_show_the_job(page: Page, queue: SceneQueue, query: str) -> None:
    """As one without them, or one in which nothing is found."""
    submit(queue, "order", 1)
    assert "order" in page.text(f"/jobs/order?{query}")


def test_broken_and_hostile_values_in_redis_break_no_view(page: Page, queue: SceneQueue) -> None:
    """They are shown as text, or left out."""
    name = "<img src=x onerror=alert(1)>"
    queue.producer.submit(
        JobSpec(job_id=check_job_id("order"), labels={"l": name}), [[WorkItem(name="x", payload={"a": "s3://" + name})] * 2]
    )
    (lease, _) = queue.worker.lease("c1", 2)
    queue.worker.fail("c1", lease, name, said("x" * 10_000), transient=False)
    keys, client = queue._connection.keys, queue._connection.client
    client.hset(keys.job("order", "results"), "0-1", '{"broken')
    client.hset(keys.job("order", "dead"), "0-1", "[]]")
    client.zadd(keys.dead, {"order/0-1": 5})
    for path in ("/jobs", "/jobs/order", "/jobs/no-such-job", "/dead", "/dead/order/0-0", "/dead/order/0-1", "/dead/a/b"):
        html = page.text(path)
        assert "<img" not in html
        assert len(html) < 60_000
    client.delete(keys.job("order", "results"), keys.job("order", "dead"), keys.dead)
