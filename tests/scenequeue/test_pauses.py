"""Pauses of everything, of a lane and of a job: what they hold back, what goes on, and what is told of them."""

import pytest

from scenequeue.errors import BadInput, JobConflict, JobNotFound
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec, JobState, Lane, Pause
from scenequeue.jobs.wishes import JobWishes
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, end_pauses, items, submit
from tests.support.reasons import said


def _jobs(queue: SceneQueue, count: int, container: str = "c1") -> list[str]:
    """The jobs whose items a container gets."""
    return [lease.job_id for lease in queue.worker.lease(container, count)]


def _bells(queue: SceneQueue) -> int:
    return int(sum(each.client.llen(each.keys.bell("render/1")) for each in queue._connection.all))


def test_a_paused_lane_gives_nothing_and_the_others_go_on(any_queue: SceneQueue) -> None:
    """Items that come later into the lane wait too; a bell hangs only for what can be leased."""
    queue = any_queue
    submit(queue, "now", 1, lane=Lane.URGENT)
    submit(queue, "late", 2, lane=Lane.BULK)
    assert queue.operator.pause("ann", "disk full", lane=Lane.BULK)
    submit(queue, "later", 3, lane=Lane.BULK)
    assert _bells(queue) == 1
    assert _jobs(queue, 9) == ["now"]
    assert _bells(queue) == 0
    assert not queue.worker.wait_for_work(0.01)
    depth = queue.inspect.depth()
    assert (depth.is_paused, depth.paused_lanes, depth.paused_items, depth.counts.ready) == (False, (Lane.BULK,), 5, 5)
    assert (queue.inspect.waiting(), queue.inspect.backlog_age_s(), queue.inspect.peek()) == ([], 0, [])
    assert queue.operator.resume("bob", "mended", lane=Lane.BULK)
    assert _bells(queue) == 1
    assert len(_jobs(queue, 9)) == 5


def test_a_paused_job_gives_nothing_and_no_lease_passes_over_it(any_queue: SceneQueue) -> None:
    """Its ready items are counted apart from those of its lane; its leased ones go on."""
    queue = any_queue
    submit(queue, "a", 4)
    submit(queue, "b", 1)
    (lease,) = queue.worker.lease("c1", 1)
    assert lease.job_id == "a"
    assert queue.operator.pause("ann", job="a")
    assert queue.worker.ack("c1", [done(lease)]) == []
    assert _jobs(queue, 9) == ["b"]
    assert _bells(queue) == 0
    depth = queue.inspect.depth()
    assert (depth.counts.ready, depth.ready_by_lane[Lane.NORMAL], depth.paused_items, depth.ready_weight) == (3, 0, 3, 3.0)
    assert queue.inspect.waiting() == []
    queue.dispatcher.reclaim()
    assert queue.inspect.depth() == depth
    assert queue.operator.resume("ann", job="a")
    assert _bells(queue) == 1
    assert queue.inspect.depth().ready_by_lane[Lane.NORMAL] == 3
    assert _jobs(queue, 9) == ["a"] * 3


def test_retries_and_stages_of_a_paused_job_wait_paused(any_queue: SceneQueue) -> None:
    """Items that are handed back as well; the last leased item opens the next stage, which waits."""
    queue = any_queue
    submit(queue, "a", 3, 2)
    one, two, three = queue.worker.lease("c1", 3)
    queue.operator.pause(job="a")
    queue.worker.fail("c1", one, "ToolFailed", said("once"), transient=True, retry_in_s=0)
    queue.worker.release("c1", [two])
    end_pauses(queue)
    assert (_jobs(queue, 9, "c2"), queue.inspect.depth().paused_items) == ([], 2)
    queue.operator.resume(job="a")
    leases = queue.worker.lease("c2", 9)
    queue.worker.ack("c2", [done(lease) for lease in leases])
    queue.operator.pause(job="a")
    queue.worker.ack("c1", [done(three)])
    assert (_jobs(queue, 9), queue.inspect.depth().paused_items, _bells(queue)) == ([], 2, 0)
    queue.operator.resume(job="a")
    assert len(_jobs(queue, 9)) == 2


@pytest.mark.parametrize("is_one", [True, False])
def test_a_letter_that_is_requeued_into_a_paused_job_waits_with_it(any_queue: SceneQueue, is_one: bool) -> None:
    """Alone, or with all others."""
    queue = any_queue
    submit(queue, "a", 2)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    queue.operator.pause("ann", job="a")
    if is_one:
        queue.operator.requeue("a", lease.item_id)
    else:
        list(queue.operator.requeue_all(DeadFilter()))
    assert (_jobs(queue, 9), queue.inspect.depth().paused_items, len(queue.inspect.pauses())) == ([], 2, 1)
    queue.operator.resume("ann", job="a")
    assert len(_jobs(queue, 9)) == 2


@pytest.mark.parametrize("ends", ["done", "cancelled", "failed"])
def test_the_pause_of_a_job_ends_with_the_job(any_queue: SceneQueue, ends: str) -> None:
    """Nothing of it is left, so a letter that is requeued afterwards is leased."""
    queue = any_queue
    submit(queue, "a", 1)
    (lease,) = queue.worker.lease("c1", 1)
    queue.operator.pause("ann", job="a")
    if ends == "done":
        queue.worker.ack("c1", [done(lease)])
    elif ends == "cancelled":
        queue.producer.cancel("a")
    else:
        queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    status = queue.producer.status("a")
    assert (status.state.value, status.pause, queue.inspect.pauses()) == (ends, None, [])
    client, keys = queue._connection.client, queue._connection.keys
    assert not client.exists(keys.of("jobs:paused"))
    assert not client.hexists(keys.job("a"), "paused")
    assert not queue.operator.resume("ann", job="a")
    with pytest.raises(JobConflict, match="has ended"):
        queue.operator.pause("ann", job="a")
    if ends == "failed":
        queue.operator.requeue("a", lease.item_id)
        assert _jobs(queue, 1) == ["a"]


def test_pauses_are_listed_with_who_why_and_since(any_queue: SceneQueue) -> None:
    """Everything first, then lanes, then jobs, the last that was paused first; another operator's pause changes none."""
    queue = any_queue
    for name in ("a", "b"):
        submit(queue, name, 1)
    before_ms = queue.inspect.now_ms()
    queue.operator.pause("ann", "first", job="a")
    queue.operator.pause("ann", 'a "quote" ü', lane=Lane.URGENT)
    queue.operator.pause()
    assert not queue.operator.pause("bob", "second", job="a")
    assert not queue.operator.pause("bob", "second")
    found = queue.inspect.pauses()
    assert [(pause.about, pause.by, pause.why) for pause in found] == [
        ("", "", ""), ("lane=urgent", "ann", 'a "quote" ü'), ("job=a", "ann", "first"),
    ]  # fmt: skip
    assert all(before_ms <= pause.since_ms <= queue.inspect.now_ms() for pause in found)
    assert queue.producer.status("a").pause == found[2]
    assert [pause.ready for pause in found] == [None, None, 1]
    queue._connection.client.hset(queue._connection.keys.control, "paused", '{"by":"\\u001b[31m","why":"' + "x" * 9000 + '"}')
    foreign = queue.inspect.pauses()[0]
    assert (foreign.by, len(foreign.why)) == (r"\x1b[31m", 400)
    assert queue.inspect.pauses(0)[2:] == []


def test_a_resume_can_name_the_pause_that_it_ends(any_queue: SceneQueue) -> None:
    """Of two operators, the one whose page shows a pause that is over does not end the next one."""
    queue = any_queue
    submit(queue, "a", 1)
    for about in ({"job": "a"}, {"lane": Lane.NORMAL}, {}):
        queue.operator.pause("ann", **about)
        (pause,) = queue.inspect.pauses()
        assert not queue.operator.resume("bob", **about, since_ms=pause.since_ms - 1)
        assert queue.operator.resume("bob", **about, since_ms=pause.since_ms)
        assert not queue.operator.resume("bob", **about)
    assert len(_jobs(queue, 1)) == 1


def test_each_pause_ends_by_itself(any_queue: SceneQueue) -> None:
    """A job in a paused lane goes on when both are resumed, and everything is."""
    queue = any_queue
    submit(queue, "a", 1)
    queue.operator.pause(job="a")
    queue.operator.pause(lane=Lane.NORMAL)
    queue.operator.pause()
    queue.operator.resume(job="a")
    assert (_jobs(queue, 1), queue.inspect.depth().paused_items) == ([], 1)
    queue.operator.resume()
    assert (_jobs(queue, 1), queue.inspect.depth().paused_items) == ([], 1)
    queue.operator.resume(lane=Lane.NORMAL)
    assert (_jobs(queue, 1), queue.inspect.depth().paused_items) == (["a"], 0)


def test_what_changes_is_in_the_audit_log(any_queue: SceneQueue) -> None:
    """With what it is about, and of a job the ready items; and in the job's events."""
    queue = any_queue
    submit(queue, "a", 3)
    for _ in range(2):
        queue.operator.pause("ann", "why not", job="a")
        queue.operator.pause("ann", lane=Lane.BULK)
    queue.operator.resume("bob", job="a")
    acts = [(act.by, act.act, act.about, act.amount) for act in queue.inspect.acts()]
    assert acts == [("bob", "resume", "job=a", 3), ("ann", "pause", "lane=bulk", 0), ("ann", "pause", "job=a", 3)]
    events = [event for event in queue.producer.events("a") if event.event in {"paused", "resumed"}]
    assert [(event.event, event.fields["by"], event.fields["why"]) for event in events] == [
        ("paused", "ann", "why not"),
        ("resumed", "bob", ""),
    ]


def test_a_job_that_does_not_exist_cannot_be_paused(any_queue: SceneQueue) -> None:
    """Nor resumed."""
    for act in (any_queue.operator.pause, any_queue.operator.resume):
        with pytest.raises(JobNotFound):
            act("ann", job="nobody")
    with pytest.raises(BadInput, match="not both"):
        any_queue.operator.pause(lane=Lane.BULK, job="a")


def test_paused_work_has_no_containers_of_its_own(any_queue: SceneQueue) -> None:
    """A job with wishes has nothing ready for the planner while it is paused, or its lane; it is known all the same."""
    queue = any_queue
    for name, lane in (("a", Lane.NORMAL), ("b", Lane.BULK), ("c", Lane.NORMAL)):
        spec = JobSpec(job_id=check_job_id(name), lane=lane, wishes=JobWishes(scenes_per_batch=2))
        queue.producer.submit(spec, [items(4)])
    queue.operator.pause(job="a")
    queue.operator.pause(lane=Lane.BULK)
    assert {job.job_id: (job.ready, job.ready_weight) for job in queue.dispatcher.wished()} == {
        "a": (0, 0.0),
        "b": (0, 0.0),
        "c": (4, 4.0),
    }


def test_a_paused_job_is_paused_after_a_repair_of_everything(any_queue: SceneQueue) -> None:
    """Indexes, rings and counters are made anew from the jobs' own hashes."""
    queue = any_queue
    submit(queue, "a", 3)
    submit(queue, "b", 2)
    queue.operator.pause("ann", "why", job="a")
    connection = queue._connection
    for name in ("counts", "needs", "jobs:paused", "lane:paused:render/1", "since:paused:render/1", "lane:normal:render/1"):
        connection.client.delete(connection.keys.of(name))
    queue.dispatcher.reclaim()
    queue.dispatcher.reclaim()
    depth = queue.inspect.depth()
    assert (depth.counts.ready, depth.paused_items, depth.ready_by_lane[Lane.NORMAL]) == (5, 3, 2)
    assert [pause.about for pause in queue.inspect.pauses()] == ["job=a"]
    assert _jobs(queue, 9) == ["b", "b"]
    queue.operator.resume(job="a")
    assert _jobs(queue, 9) == ["a"] * 3


def test_what_a_version_without_pauses_enters_is_set_aside(any_queue: SceneQueue) -> None:
    """It knows no paused jobs, so it hands an item back into the job's lane; no bell rings for it then."""
    queue = any_queue
    submit(queue, "a", 2)
    (lease,) = queue.worker.lease("c1", 1)
    queue.operator.pause("ann", job="a")
    client, keys = queue._connection.client, queue._connection.keys
    pause = client.hget(keys.job("a"), "paused")
    client.hdel(keys.job("a"), "paused")
    queue.worker.release("c1", [lease])
    client.hset(keys.job("a"), "paused", pause)
    assert _bells(queue) == 1
    assert (_jobs(queue, 9), _bells(queue)) == ([], 0)
    depth = queue.inspect.depth()
    assert (depth.counts.ready, depth.paused_items, depth.ready_by_lane[Lane.NORMAL]) == (2, 2, 0)
    assert client.zrange(keys.lane("normal", "render/1"), 0, -1) == []
    queue.operator.resume(job="a")
    assert _jobs(queue, 9) == ["a", "a"]


def test_the_pause_of_an_older_version_holds(any_queue: SceneQueue) -> None:
    """It writes the time alone."""
    queue = any_queue
    submit(queue, "a", 1)
    client, control = queue._connection.client, queue._connection.keys.control
    client.hset(control, "paused", 1_700_000_000_123)
    assert _jobs(queue, 1) == []
    assert queue.inspect.pauses() == [Pause(about="", since_ms=1_700_000_000_123)]
    assert queue.operator.resume("ann", since_ms=1_700_000_000_123)
    assert _jobs(queue, 1) == ["a"]


@pytest.mark.parametrize("written", ["", "x", "[]", '{"by":5,"why":null,"since_ms":1e300}', "1e999", '{"since_ms":-1}', "NaN"])
def test_whatever_stands_in_a_pause_it_holds_and_is_shown(any_queue: SceneQueue, written: str) -> None:
    """And is ended like any other."""
    queue = any_queue
    submit(queue, "a", 1)
    queue.operator.pause("ann", job="a")
    client, keys = queue._connection.client, queue._connection.keys
    client.hset(keys.job("a"), "paused", written)
    client.hset(keys.control, mapping={"paused": written, "paused:normal": written})
    assert queue.inspect.pauses() == [
        Pause(about=""), Pause(about="lane=normal"), Pause(about="job=a", ready=1),
    ]  # fmt: skip
    status = queue.producer.status("a")
    assert (status.state, status.pause) == (JobState.ACTIVE, Pause(about="job=a", ready=1))
    reason = queue.inspect.waits_because(status)
    assert reason is not None
    assert reason.text
    assert _jobs(queue, 1) == []
    assert queue.operator.resume(job="a")
    assert queue.operator.resume(lane=Lane.NORMAL)
    assert queue.operator.resume()
    assert _jobs(queue, 1) == ["a"]
