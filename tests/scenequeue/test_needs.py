"""Needs of items: nobody leases what it cannot do, and nothing is lost by that."""

import pytest

from scenequeue.errors import InvalidValue
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState, WorkItem
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.jobs.need import known_needs, need_in, need_of, needs_of_kinds
from scenequeue.ports.job_writer import MAX_NEEDS
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said

RENDER, STITCH, NEWER = need_of("render"), need_of("stitch"), need_of("render", 2)


def _submit(queue: SceneQueue, job_id: str, *stages: dict[str, int], lane: Lane = Lane.NORMAL, max_attempts: int = 3) -> None:
    """A job of so many items of each need in each stage."""
    spec = JobSpec(job_id=check_job_id(job_id), lane=lane, max_attempts=max_attempts)
    queue.producer.submit(spec, [[item for need, n in stage.items() for item in _items(need, n)] for stage in stages])


def _items(need: str, count: int) -> list[WorkItem]:
    kind, _, version = need.partition("/")
    return [item.model_copy(update={"kind": kind, "v": int(version)}) for item in items(count)]


def test_a_program_serves_the_needs_of_the_kinds_that_it_knows() -> None:
    """In all versions up to the present; of a kind of one's own, the first."""
    assert set(needs_of_kinds(["render", "stitch"])) == {RENDER, STITCH} < set(known_needs())
    assert needs_of_kinds(["sleep"]) == ("sleep/1",)


def test_a_need_bears_the_number_of_an_older_structure_alone() -> None:
    """Needs in the newest structure keep their plain names."""
    assert (need_in(RENDER, 3, 3), need_in(RENDER, 2, 3), need_in(RENDER, 2, 2)) == ("render/1", "render/1@2", "render/1")


def test_a_worker_beside_ten_thousand_urgent_items_that_it_cannot_do_leases_none_of_them(queue: SceneQueue) -> None:
    """They wait, are shown, and are left to those who can; its own work is the very next."""
    _submit(queue, "newer", {NEWER: 10_000}, lane=Lane.URGENT)
    _submit(queue, "ours", {RENDER: 3}, lane=Lane.BULK)
    serves = (RENDER, STITCH)
    leases = queue.worker.lease("old", 10, serves=serves)
    assert [lease.job_id for lease in leases] == ["ours"] * 3
    assert queue.worker.lease("old", 10, serves=serves) == []
    assert queue.worker.wait_for_work(0.01, serves) == ""
    refused, more = queue.worker.exchange("old", [done(lease) for lease in leases], 10, serves=serves)
    assert (refused, more) == ([], [])
    assert {(each.need, each.ready) for each in queue.inspect.waiting()} == {(NEWER, 10_000)}
    assert queue.worker.wait_for_work(0.01, [NEWER]) == NEWER
    assert len(queue.worker.lease("new", 10, serves=[NEWER], bell=NEWER)) == 10
    queue.producer.cancel("newer")


def test_items_that_a_worker_cannot_do_cost_it_no_command(queue: SceneQueue) -> None:
    """Its leases, hand-overs and empty looks are the same commands beside none, one and 10,000 of them."""
    client, serves = queue._connection.client, (RENDER, STITCH)

    def commands(foreign: int) -> dict[str, int]:
        if foreign:
            _submit(queue, f"newer{foreign}", {NEWER: foreign}, lane=Lane.URGENT)
        _submit(queue, f"ours{foreign}", {RENDER: 2, STITCH: 2}, lane=Lane.BULK)
        # The first calls let the server see the scripts.
        leases = queue.worker.lease("old", 1, serves=serves)
        queue.worker.exchange("old", [], 0, serves=serves)
        client.config_resetstat()
        while leases:
            _, leases = queue.worker.exchange("old", [done(lease) for lease in leases], 2, serves=serves)
        assert queue.worker.lease("old", 1, serves=serves) == []
        calls = {name: int(entry["calls"]) for name, entry in client.info("commandstats").items()}
        if foreign:
            queue.producer.cancel(f"newer{foreign}")
        return calls

    beside_none = commands(0)
    assert beside_none["cmdstat_evalsha"] == 4
    assert commands(1) == commands(10_000) == beside_none


def test_of_the_lanes_the_best_one_is_served_that_has_something_to_do(any_queue: SceneQueue) -> None:
    """Need by need: an urgent item of another need is passed over, one of ours is not."""
    _submit(any_queue, "a", {RENDER: 1, STITCH: 1}, lane=Lane.URGENT)
    _submit(any_queue, "b", {RENDER: 1, STITCH: 1}, lane=Lane.NORMAL)
    taken = [any_queue.worker.lease("c1", 1, serves=[STITCH])[0] for _ in range(2)]
    assert [(lease.job_id, lease.item.kind) for lease in taken] == [("a", "stitch"), ("b", "stitch")]
    assert [lease.job_id for lease in any_queue.worker.lease("c1", 5, serves=[STITCH, RENDER])] == ["a", "b"]


def test_a_job_of_many_needs_gets_no_more_turns_than_one_of_a_single_need(any_queue: SceneQueue) -> None:
    """A turn counts in all rings of the job that the container serves."""
    needs = [need_of(kind) for kind in ("render", "stitch", "encode", "copy")]
    _submit(any_queue, "many", dict.fromkeys(needs, 10))
    _submit(any_queue, "single", {RENDER: 20})
    served = [lease.job_id for _ in range(10) for lease in any_queue.worker.lease("c1", 2, serves=needs)]
    assert served.count("many") == served.count("single") == 10


def test_a_turn_counts_in_no_ring_that_the_container_does_not_serve(any_queue: SceneQueue) -> None:
    """A job whose scenes are rendered all the time is still the next to have its films stitched."""
    _submit(any_queue, "a", {RENDER: 30, STITCH: 10})
    _submit(any_queue, "b", {STITCH: 10})
    served = []
    for _ in range(10):
        any_queue.worker.lease("c1", 3, serves=[RENDER])
        served += [lease.job_id for lease in any_queue.worker.lease("c2", 1, serves=[STITCH])]
    assert served.count("a") == served.count("b") == 5


def test_an_item_keeps_its_need_over_every_way_back(any_queue: SceneQueue) -> None:
    """Released, failed, lost, buried and requeued: only who serves it gets it again."""
    _submit(any_queue, "a", {NEWER: 1, RENDER: 1}, max_attempts=3)

    def take() -> list[str]:
        assert not any(lease.item.v == 2 for lease in any_queue.worker.lease("old", 5, serves=[STITCH]))
        return [lease.item_id for lease in any_queue.worker.lease("c1", 5, serves=[NEWER])]

    (lease,) = any_queue.worker.lease("c1", 5, serves=[NEWER])
    any_queue.worker.release("c1", [lease])
    (lease,) = any_queue.worker.lease("c1", 5, serves=[NEWER])
    any_queue.worker.fail("c1", lease, "ToolFailed", said("once"), transient=True, retry_in_s=0)
    (lease,) = any_queue.worker.lease("c1", 5, lease_s=0, serves=[NEWER])
    any_queue.dispatcher.reclaim()
    (lease,) = any_queue.worker.lease("c1", 5, serves=[NEWER])
    assert any_queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False) is ItemState.DEAD
    (letter,) = any_queue.inspect.dead("a")
    assert letter.need == NEWER
    any_queue.operator.requeue("a", letter.item_id)
    assert take() == ["0-0"]
    any_queue.dispatcher.forfeit("c1", said("lost"))
    assert [lease.item_id for lease in any_queue.worker.lease("c2", 5, serves=[NEWER])] == ["0-0"]


def test_a_stage_opens_for_each_of_its_needs(any_queue: SceneQueue) -> None:
    """Items of the next stage wait until then; each part of them goes to who serves it."""
    _submit(any_queue, "a", {RENDER: 1}, {STITCH: 2, NEWER: 1})
    assert any_queue.worker.lease("c1", 5, serves=[STITCH, NEWER]) == []
    (first,) = any_queue.worker.lease("c1", 5, serves=[RENDER])
    any_queue.worker.ack("c1", [done(first)])
    films = any_queue.worker.lease("c1", 5, serves=[STITCH])
    newer = any_queue.worker.lease("c2", 5, serves=[NEWER])
    assert ([lease.item_id for lease in films], [lease.item_id for lease in newer]) == (["1-0", "1-1"], ["1-2"])
    any_queue.worker.ack("c1", [done(lease) for lease in films])
    assert any_queue.producer.status("a").state is JobState.ACTIVE
    any_queue.worker.ack("c2", [done(lease) for lease in newer])
    assert any_queue.producer.status("a").state is JobState.DONE


def test_what_waits_is_told_by_lane_and_need(any_queue: SceneQueue) -> None:
    """Count, weight and age, of each one apart; what nobody waits for is not told."""
    _submit(any_queue, "a", {RENDER: 2, STITCH: 1}, lane=Lane.URGENT)
    _submit(any_queue, "b", {NEWER: 4})
    told = {(each.lane, each.need): (each.ready, each.weight) for each in any_queue.inspect.waiting()}
    assert told == {
        (Lane.URGENT, RENDER): (2, 2.0),
        (Lane.URGENT, STITCH): (1, 1.0),
        (Lane.NORMAL, NEWER): (4, 4.0),
    }
    client, keys = any_queue._connection.client, any_queue._connection.keys
    client.zadd(keys.of(f"since:normal:{NEWER}"), {"b": any_queue.inspect.now_ms() - 60_000})
    assert any_queue.inspect.backlog_age_s() >= 60
    any_queue.producer.cancel("b")
    assert any_queue.inspect.backlog_age_s() < 60
    any_queue.worker.lease("c1", 5)
    assert any_queue.inspect.waiting() == []
    assert any_queue.inspect.backlog_age_s() == 0


def test_a_bell_that_was_taken_rings_again_for_the_next_while_work_is_left(any_queue: SceneQueue) -> None:
    """Also where whoever took it was given items of another need."""
    _submit(any_queue, "a", {RENDER: 1}, lane=Lane.BULK)
    _submit(any_queue, "b", {STITCH: 1}, lane=Lane.URGENT)
    assert any_queue.worker.wait_for_work(0.01, [RENDER, STITCH]) == RENDER
    assert any_queue.worker.wait_for_work(0.01, [RENDER]) == ""
    (lease,) = any_queue.worker.lease("c1", 1, serves=[RENDER, STITCH], bell=RENDER)
    assert lease.job_id == "b"
    assert any_queue.worker.wait_for_work(0.01, [RENDER, STITCH]) == RENDER


def test_a_bell_that_died_with_a_worker_is_hung_up_again_by_the_next_reclaim(any_queue: SceneQueue) -> None:
    """Until then, workers look by themselves once a second."""
    submit(any_queue, "a", 1)
    assert any_queue.worker.wait_for_work(0.01) == RENDER
    assert any_queue.worker.wait_for_work(0.01) == ""
    any_queue.dispatcher.reclaim()
    assert any_queue.worker.wait_for_work(0.01) == RENDER


def test_needs_that_were_lost_are_found_again_by_their_jobs(any_queue: SceneQueue) -> None:
    """Pausing, resuming and reclaiming walk them."""
    _submit(any_queue, "a", {NEWER: 1})
    connection = any_queue._connection
    connection.client.delete(connection.keys.needs, connection.keys.counts, connection.keys.lane("normal", NEWER))
    any_queue.dispatcher.reclaim()
    assert [(each.need, each.ready) for each in any_queue.inspect.waiting()] == [(NEWER, 1)]
    assert len(any_queue.worker.lease("c1", 1, serves=[NEWER])) == 1


def test_a_job_has_as_many_needs_as_the_steps_look_at(any_queue: SceneQueue) -> None:
    """Of those all is cancelled; with one more, in whichever stage, the job is refused, and nothing of it is there."""
    needs = [need_of(f"kind{number}") for number in range(MAX_NEEDS + 1)]
    for stages in ([needs], [needs[:40], needs[40:]]):
        with pytest.raises(InvalidValue, match="job many would have items of more than 64 kinds"):
            _submit(any_queue, "many", *(dict.fromkeys(stage, 1) for stage in stages))
    assert any_queue.inspect.depth().counts.total == 0
    _submit(any_queue, "many", dict.fromkeys(needs[:-1], 1))
    any_queue.producer.cancel("many")
    assert any_queue.inspect.waiting() == []


def test_a_job_of_several_needs_is_shown_and_cancelled_whole(any_queue: SceneQueue) -> None:
    """Names, what comes next, and every counter."""
    _submit(any_queue, "a", {RENDER: 2, STITCH: 2}, {NEWER: 3})
    assert len(any_queue.producer.names("a")) == 7
    assert {item_id for _, item_id, _ in any_queue.inspect.peek(10)} == {"0-0", "0-1", "0-2", "0-3"}
    status = any_queue.producer.cancel("a")
    assert (status.state, status.counts.dropped, status.counts.total) == (JobState.CANCELLED, 7, 7)
    depth = any_queue.inspect.depth()
    assert (depth.counts.ready, depth.counts.waiting, depth.ready_weight) == (0, 0, 0)
    assert any_queue.worker.wait_for_work(0.01, [RENDER, STITCH, NEWER]) == ""
