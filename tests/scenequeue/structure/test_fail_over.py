"""Sentinel and Cluster: the queue goes on wherever its keys are now, and nothing is lost on the way."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
import redis
from redis.crc import key_slot

from scenequeue.errors import QueueUnavailable, SettingsError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.acl import ROLES, rules
from tests.scenequeue.jobs import done, submit
from tests.support.redis_servers import BINARIES, Cluster, Server, Watched, replicate, server
from tests.support.waiting import wait_until

T = TypeVar("T")
_BINARIES = [name for name, binary in BINARIES.items() if binary]
_RECORD = ContainerRecord(container_id=ContainerId("c1"))


def _slot() -> int:
    return int(key_slot(b"{sceneburst}:"))


def until_served(call: Callable[[], T]) -> T:
    """As every program of ours: once more after a pause, while Redis is unavailable."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return call()
        except QueueUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _queue(url: str) -> SceneQueue:
    return SceneQueue(SceneburstSettings.load(redis_url=url))


def _is_failing_over(watched: Watched) -> bool:
    try:
        return bool(watched.sentinel.admin.execute_command("SENTINEL", "FAILOVER", "films"))
    except redis.exceptions.ResponseError:
        return False


@pytest.fixture(params=_BINARIES)
def watched(request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A primary, its replica and a Sentinel."""
    made = Watched(str(BINARIES[request.param]))
    yield made
    made.close()


@pytest.fixture(params=_BINARIES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Three primaries; the first has our keys, and a replica."""
    made = Cluster(str(BINARIES[request.param]), _slot())
    yield made
    made.close()


def test_the_queue_goes_on_after_sentinel_has_failed_over(watched: Watched) -> None:
    """A lease taken before is acked after; who comes late finds the new primary."""
    queue = _queue(watched.url)
    submit(queue, "a", 3)
    (lease, *_) = queue.worker.lease("c1", 1)
    assert queue.inspect.server()["tcp_port"] == watched.primary.port
    replicate(watched.primary)
    watched.kill_primary()
    assert until_served(lambda: queue.worker.ack("c1", [done(lease)])) == []
    watched.settle()
    late = _queue(watched.url)
    for each in (queue, late):
        assert each.inspect.server()["tcp_port"] == watched.replica.port
        assert (each.producer.status("a").counts.ready, each.producer.status("a").counts.done) == (2, 1)
        each.close()


@pytest.mark.parametrize("watched", _BINARIES[-1:], indirect=True)
def test_a_primary_that_sentinel_has_demoted_is_left(watched: Watched) -> None:
    """It lives on as a replica, and answers; nothing is written or read there any more."""
    queue = _queue(watched.url)
    submit(queue, "a", 2)
    replicate(watched.primary)
    wait_until(lambda: _is_failing_over(watched), "the Sentinel finds the replica good enough")

    def is_elsewhere() -> bool:
        until_served(lambda: queue.worker.beat(_RECORD))
        return until_served(lambda: int(queue.inspect.server()["tcp_port"])) == watched.replica.port

    wait_until(is_elsewhere, "the new primary is found")
    until_served(lambda: queue.worker.lease("c1", 5))
    # A lease whose answer was lost with a connection is a lease all the same.
    assert until_served(lambda: queue.producer.status("a").counts.leased) == 2
    queue.close()


def test_sentinels_with_a_password_of_their_own() -> None:
    """A wrong one is an error of the setting, in words without it."""
    watched = Watched(str(BINARIES["6.2"]), words="requirepass s3cret\n")
    try:
        queue = _queue(f"{watched.url}?sentinel_password=s3cret")
        queue.ping()
        queue.close()
        for url in (f"{watched.url}?sentinel_password=hush", watched.url):
            with pytest.raises(SettingsError, match="refuses the login: it is the Sentinels that refuse it") as caught:
                _queue(url).ping()
            assert "hush" not in str(caught.value)
        with pytest.raises(QueueUnavailable, match="watch no service 'other', but films") as unknown:
            _queue(f"{watched.url.replace('films', 'other')}?sentinel_password=s3cret").ping()
        assert "s3cret" not in str(unknown.value)
    finally:
        watched.close()


def test_sentinels_that_do_not_answer_are_told_from_those_that_know_no_primary() -> None:
    """Without the password; nothing is said of the service, which nobody could be asked for."""
    with pytest.raises(
        QueueUnavailable, match=r"no Sentinel answers \(Error 111 .*\); is SCENEBURST_REDIS_URL right\?"
    ) as caught:
        _queue("redis+sentinel://:s3cret@127.0.0.1:1,127.0.0.1:2/films?sentinel_password=hush99").ping()
    assert "s3cret" not in str(caught.value)
    assert "hush99" not in str(caught.value)


def test_any_node_of_a_cluster_leads_to_the_keys(cluster: Cluster) -> None:
    """By redis:// too, be it a node with other keys or a replica: a cluster is recognised by what it answers."""
    for number, node in enumerate((cluster.primaries[0], cluster.primaries[1], cluster.replica)):
        queue, job = _queue(node.url), f"job{number}"
        submit(queue, job, 3, 1)
        for count in (3, 1):
            leases = queue.worker.lease("c1", 5)
            assert len(leases) == count
            queue.worker.beat(_RECORD)
            queue.worker.exchange("c1", [done(lease) for lease in leases], 0)
        assert queue.producer.status(job).state is JobState.DONE
        assert len(queue.producer.events(job)) > 0
        assert queue.inspect.depth().counts.done == 4 * (number + 1)
        queue.close()
    assert [primary.admin.dbsize() > 0 for primary in cluster.primaries] == [True, False, False]


def test_the_queue_goes_on_after_a_clusters_primary_has_died(cluster: Cluster) -> None:
    """Also for whom the dead node's own address was given, once INFO has told that it is a cluster's."""
    queue, seeded = _queue(cluster.url), _queue(cluster.primaries[0].url)
    submit(queue, "a", 3)
    (lease, *_) = queue.worker.lease("c1", 1)
    assert seeded.inspect.server()["cluster_enabled"] == 1
    replicate(cluster.primaries[0])
    cluster.kill_primary()
    assert until_served(lambda: queue.worker.ack("c1", [done(lease)])) == []
    cluster.settle()
    assert queue.inspect.server()["tcp_port"] == cluster.replica.port
    assert until_served(lambda: seeded.producer.status("a")).counts.done == 1
    queue.close()
    seeded.close()


def test_a_slot_that_moves_is_waited_for_and_followed(cluster: Cluster) -> None:
    """Half of the keys here and half there, steps could only do harm: until all have moved, nothing is written."""
    source, target, slot = cluster.primaries[0], cluster.primaries[1], _slot()
    queue, other = _queue(cluster.url), _queue(source.url)
    submit(queue, "a", 3)
    (lease, *_) = queue.worker.lease("c1", 1)
    target.admin.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.id_of(source))
    source.admin.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", cluster.id_of(target))
    keys = source.admin.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1000)
    half = len(keys) // 2
    source.admin.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys[:half])
    for attempt in (
        lambda: queue.worker.ack("c1", [done(lease)]),
        lambda: queue.worker.lease("c2", 1),
        lambda: submit(other, "b", 1),
    ):
        with pytest.raises(QueueUnavailable, match="cannot serve now"):
            attempt()
    source.admin.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys[half:])
    for primary in (target, source, cluster.primaries[2]):
        primary.admin.execute_command("CLUSTER", "SETSLOT", slot, "NODE", cluster.id_of(target))
    assert until_served(lambda: queue.worker.ack("c1", [done(lease)])) == []
    assert until_served(lambda: len(other.worker.lease("c1", 5))) == 2
    assert target.admin.dbsize() > 0
    assert source.admin.dbsize() == 0
    queue.close()
    other.close()


def test_every_role_finds_its_keys_in_a_cluster(cluster: Cluster) -> None:
    """With its own rules, from a node that does not have them."""
    for node in cluster.nodes:
        for role in ROLES:
            node.admin.execute_command("ACL", "SETUSER", role, "on", ">word", *rules(role, "sceneburst"))
    address = cluster.primaries[1].url.removeprefix("redis://")
    queues = {role: _queue(f"redis://{role}:word@{address}") for role in ROLES}
    submit(queues["producer"], "a", 1)
    assert queues["dispatcher"].dispatcher.acquire("one", 10)
    (lease,) = queues["worker"].worker.lease("c1", 1)
    assert queues["worker"].worker.ack("c1", [done(lease)]) == []
    assert queues["operator"].inspect.depth().counts.done == 1
    with pytest.raises(SettingsError, match="refuses the login"):
        _queue(f"redis+cluster://worker:hush@{address.removesuffix('/0')}").ping()
    for queue in queues.values():
        queue.close()


@pytest.fixture
def single() -> Iterator[Server]:
    """One server that is no cluster."""
    with server(str(BINARIES["6.2"])) as made:
        yield made


def test_a_server_that_is_no_cluster_is_named(single: Server) -> None:
    """An error of the setting, as is a database that the server does not have."""
    with pytest.raises(SettingsError, match="this server is no cluster"):
        _queue(single.url.replace("redis://", "redis+cluster://")).ping()
    with pytest.raises(SettingsError, match="no such database"):
        _queue(single.url.replace("/0", "/99")).ping()
