"""Whoever has a role's password can write anything: no step fails for ever or runs without end, and good work still flows."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from scenequeue.errors import SceneburstError
from scenequeue.jobs.item import ItemState
from scenequeue.jobs.job import JobState, Lane
from scenequeue.queue import SceneQueue
from scenequeue.structure.keys import Keys
from tests.scenequeue.jobs import done, items, submit
from tests.scenequeue.planting import JOB_FIELDS, TYPED, start, steps, work_on
from tests.support.reasons import said

_HUGE = 10**9


_Plant = Callable[[Any, Keys], Any]
_COUNTERS = ("ready", "ready:normal:render/1", "leased", "delayed", "turn", "ready_weight_ms", "done")
_NUMBERS = ("abc", "-1", "1e308", "nan", "9" * 30)
_NO_MEMBERS = {
    "noslash": 1,
    "": 2,
    "/": 3,
    "a/": 4,
    "/b": 5,
    "a b/0-0": 6,
    "victim/0-77": 7,
    "good/0-77": 8,
    b"\xff/0-0": 9,
    "x" * 9000: 0,
}
PLANTS: dict[str, _Plant] = {
    "a billion stages": lambda r, k: r.hset(k.job("victim"), "stages", _HUGE),
    "a stage in the far past": lambda r, k: r.hset(k.job("victim"), mapping={"stage": -_HUGE, "stages": _HUGE}),
    **{f"all numbers of a job are {value}": (lambda r, k, v=value: r.hset(k.job("victim"), mapping=dict.fromkeys(JOB_FIELDS, v)))  # type: ignore[misc]
       for value in _NUMBERS},
    "a job without a lane": lambda r, k: r.hdel(k.job("victim"), "lane"),
    "a lane that is none": lambda r, k: r.hset(k.job("victim"), "lane", "express"),
    "a job without a state": lambda r, k: r.hdel(k.job("victim"), "state"),
    "a state that is none": lambda r, k: r.hset(k.job("victim"), "state", "soon"),
    "options that are none": lambda r, k: r.hset(k.job("victim"), "options", "["),
    "a job that is gone": lambda r, k: r.delete(k.job("victim")),
    **{f"{index} with members that are none": (lambda r, k, i=index: r.zadd(getattr(k, i), _NO_MEMBERS))  # type: ignore[misc]
       for index in ("leases", "delayed", "dead", "expiring", "jobs", "notices", "wished", "containers")},
    "ten thousand junk leases": lambda r, k: r.zadd(k.leases, {f"junk{n}": n for n in range(10_000)}),
    "ten thousand junk jobs in the ring": lambda r, k: r.zadd(
        k.lane("normal", "render/1"), {f"junk{n}": -n for n in range(10_000)}
    ),
    "names that are none in the ring": lambda r, k: r.zadd(
        k.lane("normal", "render/1"), {"": -9, "a b": -8, "a/b": -7, b"\xff": -6}
    ),
    "an expired job of a billion items": lambda r, k: r.zadd(k.expiring, {f"victim {_HUGE} done normal ": 1}),
    "leases without an end": lambda r, k: r.zadd(k.leases, {"victim/0-2": "inf"}),
    "a turn without an end": lambda r, k: r.zadd(k.lane("normal", "render/1"), {"victim": "-inf"}),
    **{f"all counters are {value}": (lambda r, k, v=value: r.hset(k.counts, mapping=dict.fromkeys(_COUNTERS, v)))  # type: ignore[misc]
       for value in (*_NUMBERS, "1000000")},
    **{f"elements {element!r:.20}": (lambda r, k, e=element: r.lpush(k.ready("victim", "render/1"), *[e] * 3))  # type: ignore[misc]
       for element in ("", "0-9", "0-9 1000", "a b c", "0-9 -5 {}", "0-9 " + "9" * 400 + " {}", b"\xff \xfe", "0-2 1000 {}")},
    "many malformed elements": lambda r, k: r.lpush(k.ready("victim", "render/1"), *["junk"] * 5000),
    "an element that is leased already": lambda r, k: r.lpush(
        k.ready("victim", "render/1"), "0-2 1000 " + items(1)[0].model_dump_json()
    ),
    "a list of ready items that is gone": lambda r, k: r.delete(k.ready("victim", "render/1")),
    "a stage that is gone": lambda r, k: r.delete(k.stage("victim", 1, "render/1")),
    "a ring that is gone": lambda r, k: r.delete(k.lane("normal", "render/1")),
    "a history that is none": lambda r, k: r.hset(
        k.job("victim", "history"), mapping={"0-0": '{"a":1}', "0-2": "[1]", "0-2#": "x"}
    ),
    "a history that is no UTF-8": lambda r, k: r.hset(k.job("victim", "history"), mapping={"0-0": b'["\xff"]', "0-2": b"[\xff]"}),
    "a letter that is none": lambda r, k: r.hset(k.job("victim", "dead"), mapping={"0-1": "[", "0-0": '{"errors":7}'}),
    "a letter with an item that is none": lambda r, k: r.hset(k.job("victim", "dead"), "0-1", '{"x":1,"item":{"weight":"abc"}'),
    "an item without a body": lambda r, k: r.hdel(k.item("victim", "0-2"), "body"),
    "an item without a weight": lambda r, k: r.hset(k.item("victim", "0-2"), mapping={"weight_ms": "x", "attempt": "y"}),
    "an item without a token": lambda r, k: r.hdel(k.item("victim", "0-2"), "token"),
    "a leased item in the index of retries": lambda r, k: r.zadd(k.delayed, {"victim/0-2": 1, "good/0-2": 1}),
    "a container that holds what is none": lambda r, k: r.sadd(k.held("c2"), "noslash", "", "victim/0-2", "good/0-2"),
    "a container that holds too much": lambda r, k: r.eval(
        "for n = 1, 100100 do redis.call('SADD', KEYS[1], n) end", 1, k.held("c2")
    ),
    "retries that are none": lambda r, k: r.sadd(k.job("victim", "delayed"), "noslash/", "", "0-5"),
    "rates that are none": lambda r, k: r.hset(
        k.rates, mapping={"render/1:busy_ms": "abc", "render/1:weight_ms": "9" * 40, "x": "y"}
    ),
    "a bell that rings a thousand times": lambda r, k: r.rpush(k.bell("render/1"), *["1"] * 1000),
    "a lock without an end": lambda r, k: r.hset(k.of("dispatcher"), mapping={"owner": "evil", "fence": "abc"}),
    "a fence that is none": lambda r, k: r.set(k.of("fence"), "abc"),
    "a stream that is full": lambda r, k: r.xadd(k.job("victim", "events"), {"x": "y"}, id=f"{2**64 - 1}-{2**64 - 1}"),
    "containers that are none": lambda r, k: r.zadd(k.containers, {"c7": 1}) and r.set(k.container("c7"), "no hash"),
    "folders that are none": lambda r, k: r.zadd(
        k.of("jobs:folders"), {**_NO_MEMBERS, "victim ": 1, "victim s3://b/.sceneburst/victim": "-inf", "a " + "x" * 9000: 1}
    ),
    "a folder of bytes": lambda r, k: r.hset(k.job("victim"), "work_folder", b"\xff\n \x00"),
    "a notice for a job that is none": lambda r, k: r.zadd(k.notices, {"victim": 1, "c": 1}) and r.set(k.job("c"), "x"),
}  # fmt: skip
for _key in TYPED:
    PLANTS[f"{_key} is a text"] = lambda r, k, n=_key: r.set(k.of(n), "x")  # type: ignore[misc]
for _key in ("fence", "plan", "drain:c2", "held:c2:call"):
    PLANTS[f"{_key} is a list"] = lambda r, k, n=_key: r.rpush(k.of(n), "x")  # type: ignore[misc]


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_whatever_is_planted_no_step_fails_and_good_work_flows(real: SceneQueue, plant: _Plant) -> None:
    """Every step once, each answered or refused in our own words; then a good job ends, and its counters add up."""
    held = start(real)
    plant(real._connection.client, real._connection.keys)
    for step in steps(real, held):
        with contextlib.suppress(SceneburstError):
            step()
    real.operator.resume()
    submit(real, "fresh", 4, 1, lane=Lane.BULK)
    work_on(real, "c3")
    status = real.producer.status("fresh")
    assert (status.state, status.counts.done, status.counts.total) == (JobState.DONE, 5, 5)
    good = real.producer.status("good").counts
    assert good.total == 8
    depth = real.inspect.depth()
    assert depth.malformed == ()
    assert min(depth.counts.model_dump().values()) >= 0
    assert depth.ready_by_lane == {Lane.URGENT: 0, Lane.NORMAL: 0, Lane.BULK: 0}
    assert (depth.counts.ready, depth.ready_weight) == (0, 0)


@pytest.mark.parametrize("lost", ["lane:normal:render/1", "counts", "leases", "delayed", "held:c1", "control", "bell:render/1"])
def test_a_good_job_outlives_the_loss_of_an_index(real: SceneQueue, lost: str) -> None:
    """Leases are still prolonged, waiting items are found by their job, and the counts add up in the end."""
    submit(real, "a", 6)
    (retry, *held) = real.worker.lease("c1", 3)
    real.worker.fail("c1", retry, "ToolFailed", said("once"), transient=True, retry_in_s=0)
    client = real._connection.client
    client.delete(real._connection.keys.of(lost))
    client.set(real._connection.keys.of(lost), "a foreign writer's")
    assert real.worker.extend("c1", held) == []
    real.dispatcher.reclaim()
    real.dispatcher.reclaim()
    assert real.inspect.depth().counts.leased == 2
    assert real.worker.wait_for_work(0.01)
    assert real.worker.ack("c1", [done(lease) for lease in held]) == []
    work_on(real, "c2")
    status = real.producer.status("a")
    assert (status.state, status.counts.done) == (JobState.DONE, 6)
    assert real.inspect.depth().counts.ready == 0


def test_what_is_counted_ready_and_is_not_there_calls_nobody(real: SceneQueue) -> None:
    """Or the bell would ring, and containers be launched, for ever; the job ends as failed."""
    submit(real, "a", 3)
    connection = real._connection
    connection.client.delete(connection.keys.ready("a", "render/1"))
    real.dispatcher.reclaim()
    depth = real.inspect.depth()
    assert (depth.counts.ready, depth.counts.dropped, depth.ready_weight) == (0, 3, 0)
    assert real.producer.status("a").state is JobState.FAILED
    assert not real.worker.wait_for_work(0.01)


def test_a_lost_counter_of_what_is_ready_wakes_the_workers_again(real: SceneQueue) -> None:
    """However many jobs wait: at least one item of each is known."""
    for number in range(30):
        submit(real, f"j{number}", 2)
    real._connection.client.hset(real._connection.keys.counts, mapping={"ready": "abc", "ready:normal:render/1": "-7"})
    real.dispatcher.reclaim()
    assert real.inspect.depth().counts.ready >= 30
    assert real.worker.wait_for_work(0.01)
    for _ in range(6):
        real.worker.ack("c1", [done(lease) for lease in real.worker.lease("c1", 20)])
    real.dispatcher.reclaim()
    counts = real.inspect.depth().counts
    assert (counts.ready, counts.done) == (0, 60)


def test_an_item_that_is_pushed_again_while_leased_keeps_no_job_from_its_end(real: SceneQueue) -> None:
    """The lease of before is lost, and counted as one."""
    submit(real, "a", 1)
    (first,) = real.worker.lease("c1", 1)
    connection = real._connection
    connection.client.rpush(connection.keys.ready("a", "render/1"), f"0-0 1000 {items(1)[0].model_dump_json()}")
    connection.client.zadd(connection.keys.lane("normal", "render/1"), {"a": 1})
    (second,) = real.worker.lease("c2", 1)
    assert real.worker.ack("c1", [done(first)]) == [first]
    assert real.worker.ack("c2", [done(second)]) == []
    assert real.producer.status("a").state is JobState.DONE
    assert real.inspect.depth().counts.leased == 0


def test_a_malformed_letter_is_not_requeued_but_can_be_discarded(real: SceneQueue) -> None:
    """The answer says which of both is the way."""
    submit(real, "a", 1)
    (lease,) = real.worker.lease("c1", 1)
    assert real.worker.fail("c1", lease, "BadInput", said("no"), transient=False) is ItemState.DEAD
    connection = real._connection
    connection.client.hset(connection.keys.job("a", "dead"), "0-0", "{}")
    with pytest.raises(SceneburstError, match="is malformed in Redis"):
        real.operator.requeue("a", "0-0")
    real.operator.discard("a", "0-0")
