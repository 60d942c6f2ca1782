"""All programs through everything that Redis can refuse: they wait and go on, and nothing is lost or stuck."""

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from redis.crc import key_slot

from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState, WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.chaos.test_recovery import Programs
from tests.support.redis_servers import BINARIES, Cluster, FakedClock, Server, Watched, server
from tests.support.waiting import wait_until

_BINARY = str(BINARIES["path"] or BINARIES["6.2"])


def _through(url: str, namespace: str, folder: Path, troubles: dict[str, Callable[[], None]]) -> None:
    """Hold an item while each trouble comes and goes; all four programs run on, and every scene gets done."""
    queue = SceneQueue(SceneburstSettings.load(redis_url=url, namespace=namespace))
    items = [WorkItem(kind="wait", name=f"s{number}", payload={"folder": str(folder)}) for number in range(4)]
    queue.producer.submit(JobSpec(job_id=check_job_id("a"), max_attempts=10), [items])
    programs = Programs(queue, url, namespace, folder)
    try:
        queue.operator.resume()
        wait_until(queue.inspect.leased, "an item is in hand")
        for name, happen in troubles.items():
            happen()
            _goes_on(queue, programs, name)
        (folder / "go").touch()
        (folder / "enough").touch()
        wait_until(lambda: programs.running["submitter"].poll() == 0, "the submitter has ended")
        wait_until(lambda: programs.running["waiter"].poll() == 0, "the producer that waits has heard of its job's end")
        jobs = [status.job_id for status in queue.inspect.jobs(1000)]
        wait_until(lambda: all(queue.producer.status(job).state is JobState.DONE for job in jobs), "every job is done")
        assert len(jobs) == programs.submitted() + 1
        for job in jobs:
            assert {result.state for result in queue.producer.results(job)} == {ItemState.DONE.value}
        assert [programs.running[name].poll() for name in ("dispatcher", "worker")] == [None, None]
        assert "reaping" not in programs.log.read_text()
    finally:
        programs.close()
        queue.close()


def _goes_on(queue: SceneQueue, programs: Programs, trouble: str) -> None:
    codes = {name: program.poll() for name, program in programs.running.items()}
    assert codes == dict.fromkeys(programs.running), programs.log.read_text()
    wait_until(lambda: _answers(queue), f"Redis serves after {trouble}")
    plan, beat, submitted = _plan_ms(queue), _beat_ms(queue), programs.submitted()
    wait_until(lambda: _plan_ms(queue) != plan, f"the dispatcher ticks after {trouble}")
    wait_until(lambda: _beat_ms(queue) != beat, f"the worker reports after {trouble}")
    wait_until(lambda: programs.submitted() > submitted + 1, f"the submitter submits after {trouble}")
    wait_until(queue.inspect.leased, f"an item is in hand after {trouble}")


def _answers(queue: SceneQueue) -> bool:
    try:
        queue.ping()
    except QueueUnavailable:
        return False
    return True


def _plan_ms(queue: SceneQueue) -> int:
    return int((queue.inspect.plan() or {}).get("at_ms", 0))


def _beat_ms(queue: SceneQueue) -> int:
    return next(record.beat_ms for record in queue.inspect.containers() if record.container_id == "w1")


@pytest.mark.slow
def test_a_fail_over_of_sentinel(namespace: str, tmp_path: Path) -> None:
    """The primary dies, its replica takes over."""
    watched = Watched(_BINARY)
    try:
        _through(watched.url, namespace, tmp_path, {"a fail-over": lambda: _die(watched, watched.primary)})
    finally:
        watched.close()


@pytest.mark.slow
def test_a_fail_over_of_a_cluster(namespace: str, tmp_path: Path) -> None:
    """The same, with the address of a node that has other keys."""
    cluster = Cluster(_BINARY, int(key_slot(("{" + namespace + "}:").encode())))
    try:
        happen = {"a fail-over": lambda: _die(cluster, cluster.primaries[0])}
        _through(cluster.primaries[1].url, namespace, tmp_path, happen)
    finally:
        cluster.close()


def _die(servers: Watched | Cluster, primary: Server) -> None:
    """Kill the primary once the replica has all its data, and wait until the replica is the primary."""
    replica = servers.replica
    primary.admin.execute_command("CLIENT", "PAUSE", "60000", "WRITE")
    wait_until(lambda: _offset(primary, "master_repl_offset") == _offset(replica, "slave_repl_offset"), "the replica has all")
    servers.kill_primary()
    wait_until(lambda: _is_primary(replica), "it is promoted")
    servers.settle()


def _is_primary(node: Server) -> bool:
    try:
        return bool(node.admin.info("replication")["role"] == "master")
    except redis.exceptions.ConnectionError:
        # A promotion cuts all its connections.
        return False


def _offset(node: Server, field: str) -> int:
    return int(node.admin.info("replication")[field])


@pytest.mark.slow
def test_whatever_a_server_refuses_for_a_while(namespace: str, tmp_path: Path) -> None:
    """Without a replica, without memory, as a replica, as one without its primary, loading, and on another password."""
    with server(_BINARY, "--replica-serve-stale-data", "no", "--key-load-delay", "2000") as made:
        admin = made.admin

        def refuses(spoil: list[str], mend: list[str]) -> Callable[[], None]:
            def happen() -> None:
                admin.execute_command(*spoil)
                refused = _refusals(made)
                try:
                    wait_until(lambda: _refusals(made) > refused + 10, "many are refused")
                finally:
                    admin.execute_command(*mend)

            return happen

        def restart() -> None:
            made.kill()
            made.start()

        def change_password() -> None:
            admin.config_set("requirepass", "another")
            admin.client_kill_filter(_type="normal", skipme=True)
            refuses(["PING"], [*setting, "requirepass", ""])()

        setting, replica = ["CONFIG", "SET"], ["REPLICAOF", "127.0.0.1", "1"]
        promote = ["REPLICAOF", "NO", "ONE"]
        _through(
            made.url, namespace, tmp_path,
            {
                "NOREPLICAS": refuses([*setting, "min-replicas-to-write", "1"], [*setting, "min-replicas-to-write", "0"]),
                "OOM": refuses([*setting, "maxmemory", "1"], [*setting, "maxmemory", "0"]),
                "MASTERDOWN": refuses(replica, promote),
                "READONLY": lambda: (admin.config_set("replica-serve-stale-data", "yes"), refuses(replica, promote)())[1],
                "NOAUTH": change_password,
                "LOADING": restart,
            },
        )  # fmt: skip


def _refusals(made: Server) -> int:
    return sum(int(error["count"]) for error in made.admin.info("errorstats").values())


@pytest.mark.slow
def test_a_clock_of_redis_that_jumps(namespace: str, tmp_path: Path) -> None:
    """An hour on, and two back: leases, locks and beats are counted anew, and no container is taken for silent."""
    clock = FakedClock(tmp_path)
    # Debian's own has an allocator that libfaketime does not get along with.
    with server(str(BINARIES["6.2"]), environment=clock.environment) as made:
        _through(
            made.url, namespace, tmp_path,
            {"an hour on": lambda: clock.set(3600), "two back": lambda: clock.set(-3600), "none": lambda: clock.set(0)},
        )  # fmt: skip
