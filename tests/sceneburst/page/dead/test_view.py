"""Dead letters by reason, with acts on one, on ten and on all of a filter."""

import re

from scenequeue.queue import SceneQueue
from tests.sceneburst.page.serving import Page
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said
from tests.support.waiting import wait_until


def _bury(queue: SceneQueue, job: str, count: int, reason: str = "ObjectNotFound", **spec: object) -> None:
    submit(queue, job, count, **spec)
    for lease in queue.worker.lease("c1", count):
        queue.worker.fail("c1", lease, reason, said("no such object"), transient=False)


def _fields(html: str) -> dict[str, str]:
    """The hidden fields of the question."""
    return dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html.partition('id="ask"')[2].partition("</form>")[0])
    )


def _is_over(page: Page) -> bool:
    return all(act.state == "done" for act in page.server.service.bulk._acts)


def test_letters_stand_by_reason_and_each_with_its_history(page: Page, queue: SceneQueue) -> None:
    """Counts say whether they are of the queue or of the filter."""
    _bury(queue, "one", 3, labels={"shop": "north"})
    _bury(queue, "two", 2)
    html = page.text("/dead?job=one")
    assert "5 letters in the whole queue" in html
    assert re.search(r"Letters of the filter <span class=\"quiet\">3", html)
    assert "/dead/one/0-0" in html
    assert "/dead/two/0-0" not in html.partition('id="letters"')[2]
    assert "no such object" in page.text("/dead/one/0-0")
    assert "No dead letter matches" in page.text("/dead?lane=nonsense")


def test_ten_are_tried_and_how_they_ended_is_told(page: Page, queue: SceneQueue) -> None:
    """The newest of the filter; the others stay."""
    _bury(queue, "one", 12)
    answer = page.act("/dead/try", why="bucket mended", job="one", back="job=one")
    assert answer.headers["location"] == "/dead?job=one&said=tried&n=10"
    first, second, *_ = queue.worker.lease("c1", 10)
    queue.worker.ack("c1", [done(first)])
    queue.worker.fail("c1", second, "ObjectNotFound", said("no such object"), transient=False)
    assert "Of these: 1 done, 8 waiting or in work, 1 dead again." in page.text(answer.headers["location"])


def test_all_of_a_filter_are_requeued_in_the_background_and_what_fails_again_is_told(page: Page, queue: SceneQueue) -> None:
    """The progress is shown to everybody; letters of no other filter are touched."""
    _bury(queue, "one", 20)
    _bury(queue, "two", 2)
    fields = _fields(page.text("/dead?job=one&ask=requeue"))
    assert fields["shown"] == "20"
    answer = page.act("/dead/requeue", why="bucket mended", **fields)
    assert answer.headers["location"] == "/dead?job=one&said=begun&n=20"
    wait_until(lambda: _is_over(page), "the end of the act")
    html = page.text("/dead?job=one")
    assert "20 of 20 looked at, 20 changed" in html
    assert "Nothing of this filter has failed since." in html
    assert queue.inspect.depth().counts.dead == 2
    lease, *_ = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "ObjectNotFound", said("no such object"), transient=False)
    page.server.service.forget_looks()
    assert "Since then 1 letter of this filter was buried." in page.text("/dead?job=one")
    assert [(act.act, act.amount, act.why) for act in queue.inspect.acts()] == [("requeue", 20, "bucket mended")]


def test_what_is_buried_after_the_question_is_not_discarded(page: Page, queue: SceneQueue) -> None:
    """Only what the operator has seen in numbers."""
    _bury(queue, "one", 3)
    fields = _fields(page.text("/dead?ask=discard"))
    client, keys = queue._connection.client, queue._connection.keys
    _bury(queue, "two", 1)
    for index in (keys.dead, *map(keys.of, (f"dead:reason:{reason}" for reason in queue.inspect.reasons()))):
        client.zadd(index, {"two/0-0": int(fields["until"]) + 1}, xx=True)
    page.act("/dead/discard", why="not wanted", **fields)
    wait_until(lambda: _is_over(page), "the end of the act")
    assert [letter.job_id for letter in queue.inspect.dead()] == ["two"]


def test_two_operators_at_once_change_each_letter_once(page: Page, queue: SceneQueue) -> None:
    """The second is told that nothing was left."""
    _bury(queue, "one", 3)
    fields = _fields(page.text("/dead?ask=requeue"))
    page.act("/dead/requeue", why="first", **fields)
    wait_until(lambda: _is_over(page), "the end of the act")
    assert "said=gone" in page.act("/dead/requeue", why="second", **fields).headers["location"]
    assert queue.inspect.job("one").counts.ready == 3


def test_one_letter_is_requeued_or_discarded(page: Page, queue: SceneQueue) -> None:
    """One that is gone is left alone."""
    _bury(queue, "one", 2)
    assert "said=requeued" in page.act("/dead/one/0-0/requeue", why="x").headers["location"]
    assert "said=gone" in page.act("/dead/one/0-0/discard", why="x").headers["location"]
    assert "said=discarded" in page.act("/dead/one/0-1/discard", why="x").headers["location"]
    assert page.act("/dead/one/0-1/discard").status_code == 400
