"""Every role does its own work under its own Redis user, and nothing of the others'."""

from collections.abc import Callable, Iterator

import pytest
import redis

from scenequeue.errors import SettingsError
from scenequeue.jobs.container import ContainerRecord, TailLines
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.jobs.rollup import Resolution
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.acl import ROLES, Role, rules
from scenequeue.structure.keys import STRUCTURES
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said

As = Callable[[Role], SceneQueue]


@pytest.fixture(params=["wheel", "path"])
def admin(request: pytest.FixtureRequest, servers: dict[str, str]) -> Iterator[redis.Redis]:
    """The server's own administrator, on Redis 6.2 and on the machine's."""
    if request.param not in servers:
        pytest.skip("no redis-server on PATH")
    client = redis.Redis.from_url(servers[request.param], decode_responses=True)
    client.execute_command("ACL", "LOG", "RESET")
    yield client
    client.close()


@pytest.fixture(params=[STRUCTURES, (3, 2)], ids=["one", "two"])
def structures(request: pytest.FixtureRequest) -> tuple[int, ...]:
    """Those of the keys that the programs serve: this version's, and those of one that has taken the next number."""
    found: tuple[int, ...] = request.param
    return found


@pytest.fixture
def as_role(admin: redis.Redis, namespace: str, structures: tuple[int, ...]) -> Iterator[As]:
    """A queue that logs in as the user of a role."""
    path = admin.connection_pool.connection_kwargs["path"]
    opened: list[SceneQueue] = []
    for role in ROLES:
        admin.execute_command("ACL", "SETUSER", f"{namespace}-{role}", "on", ">word", *rules(role, namespace, structures))

    def connect(role: Role) -> SceneQueue:
        url = f"unix://{namespace}-{role}:word@{path}"
        opened.append(SceneQueue(SceneburstSettings.load(redis_url=url, namespace=namespace), structures=structures))
        return opened[-1]

    yield connect
    for queue in opened:
        queue.close()
    for role in ROLES:
        admin.execute_command("ACL", "DELUSER", f"{namespace}-{role}")


def denied(admin: redis.Redis) -> list[str]:
    """Calls that the server has refused, apart from CLIENT SETINFO, which redis-py sends and lets be refused."""
    return [str(entry) for entry in admin.execute_command("ACL", "LOG") if "'client'" not in str(entry)]


def test_each_role_does_all_its_work(as_role: As, admin: redis.Redis) -> None:
    """From submit to result, through failures, losses, cancels and dead letters; nothing is denied on the way."""
    producer, worker, dispatcher, operator = (as_role(role) for role in ROLES)
    record = ContainerRecord(container_id=ContainerId("c1"))
    fence = dispatcher.dispatcher.acquire("one", 30)
    assert fence
    dispatcher.dispatcher.record_intents(fence, [record])
    dispatcher.dispatcher.record_launched(fence, "c1", "handle")
    submit(producer, "a", 4, 1, callback_url="https://example.org/")
    submit(producer, "b", 1)
    assert producer.producer.events("a")
    assert producer.producer.names("a")
    assert worker.worker.wait_for_work(1)
    worker.worker.beat(record)
    worker.worker.log("c1", TailLines("aa", 1, ["started"]))
    one, other, third, fourth, *_ = worker.worker.lease("c1", 5, begins_now=False)
    worker.worker.begin("c1", one)
    assert worker.worker.extend("c1", [one, other]) == []
    worker.worker.options("a")
    assert worker.worker.ack("c1", [done(one)]) == []
    worker.worker.release("c1", [other])
    worker.worker.fail("c1", third, "ToolFailed", said("again"), transient=True, retry_in_s=0)
    worker.worker.fail("c1", fourth, "BadInput", said("never"), transient=False)
    worker.dispatcher.reclaim()
    dispatcher.dispatcher.reclaim()
    dispatcher.dispatcher.drain("c1")
    dispatcher.dispatcher.forfeit("c1", said("lost"))
    dispatcher.dispatcher.record_ended("c1", "gone", said("lost"))
    dispatcher.dispatcher.publish_plan('{"why": "nothing ready"}')
    dispatcher.dispatcher.rates()
    dispatcher.dispatcher.record_sample(fence, 1, 0.5)
    assert [row.usd for row in operator.inspect.history(Resolution.HOUR)] == [0.5]
    for queue in (dispatcher, operator):
        queue.inspect.depth()
        queue.inspect.backlog_age_s()
        queue.inspect.containers()
        queue.inspect.plan()
    operator.inspect.peek(5, Lane.NORMAL)
    operator.inspect.leased()
    assert operator.inspect.log("c1") == ["started"]
    operator.inspect.jobs()
    (letter,) = operator.inspect.dead("a")
    assert operator.inspect.dead() == [letter]
    assert operator.inspect.reasons() == {"BadInput": 1}
    assert operator.inspect.find_dead(DeadFilter(reason="BadInput", lane=Lane.NORMAL, job="a")) == [letter]
    assert not list(operator.operator.discard_all(DeadFilter(reason="nothing"), "ann"))
    assert [step.changed for step in operator.operator.requeue_all(DeadFilter(reason="BadInput"), "ann")] == [1]
    operator.operator.pause("ann")
    operator.operator.resume("ann")
    submit(producer, "held", 3)
    (lease,) = worker.worker.lease("c9", 1)
    operator.operator.pause("ann", job=lease.job_id)
    operator.operator.pause("ann", lane=Lane.NORMAL)
    assert [len(queue.inspect.pauses()) for queue in (producer, worker, dispatcher, operator)] == [2] * 4
    worker.worker.release("c9", [lease])
    dispatcher.dispatcher.reclaim()
    assert worker.worker.lease("c9", 1) == []
    operator.operator.resume("ann", lane=Lane.NORMAL)
    operator.operator.resume("ann", job=lease.job_id)
    producer.producer.cancel("held")
    operator.operator.drain("c2", by="ann")
    operator.operator.set_limits({"max_containers": "3"}, "ann")
    assert dispatcher.inspect.limits() == operator.inspect.limits()
    operator.operator.reset_limits(["max_containers"], "ann")
    record = ContainerRecord(container_id=ContainerId("c3"))
    while leases := worker.worker.lease("c3", 10):
        worker.worker.ack("c3", [done(lease) for lease in leases])
    producer.producer.submit(JobSpec(job_id=check_job_id("grows")), [items(1), None])
    (lease,) = worker.worker.lease("c3", 1)
    worker.worker.note("c3", lease, {"step": "1"})
    worker.worker.ack("c3", [done(lease)], {lease.token: worker.worker.grow("c3", lease, items(3))})
    worker.worker.ack("c3", [done(lease) for lease in worker.worker.lease("c3", 3)])
    assert [result.item_id for result in producer.producer.results("grows", 1)] == ["1-0.0", "1-0.1", "1-0.2"]
    worker.inspect.plan()
    worker.worker.goodbye(record)
    assert producer.producer.status("a").state is JobState.DONE
    assert len(list(producer.producer.results("a"))) == 5
    assert producer.inspect.containers()
    assert producer.inspect.plan()
    producer.inspect.waits_because(submit(producer, "d", 1))
    producer.producer.cancel("d")
    for queue in (producer, worker, dispatcher, operator):
        assert queue.inspect.server()["redis_version"]
    for job in dispatcher.dispatcher.due_notices():
        dispatcher.dispatcher.settle_notice(job.job_id, Reason("receiver_answered"), 5)
        dispatcher.dispatcher.settle_notice(job.job_id)
    submit(producer, "c", 3, 2)
    producer.producer.cancel("c", "shop")
    assert {act.by for act in operator.inspect.acts()} == {"ann", "shop"}
    operator.operator.pause()
    operator.operator.resume()
    dispatcher.dispatcher.resign("one")
    assert denied(admin) == []


def test_no_role_does_anothers_work_and_trying_changes_nothing(as_role: As, admin: redis.Redis) -> None:
    """The error names the setting; the queue is as it was."""
    producer, worker, dispatcher, _ = (as_role(role) for role in ROLES)
    submit(producer, "a", 3)
    (lease,) = worker.worker.lease("c1", 1)
    before = producer.inspect.depth()
    attempts: list[Callable[[], object]] = [
        lambda: submit(worker, "b", 1),
        lambda: submit(dispatcher, "b", 1),
        lambda: producer.worker.lease("c2", 1),
        lambda: producer.worker.ack("c1", [done(lease)]),
        lambda: producer.worker.fail("c1", lease, "ToolFailed", said("no"), transient=False),
        lambda: producer.worker.release("c1", [lease]),
        lambda: producer.worker.extend("c1", [lease]),
        lambda: producer.dispatcher.forfeit("c1", said("lost")),
        lambda: producer.dispatcher.drain("c1"),
        lambda: worker.dispatcher.acquire("me", 10),
        lambda: worker.dispatcher.publish_plan('{"why": "nothing ready"}'),
        lambda: producer.dispatcher.acquire("me", 10),
        lambda: producer.operator.set_limits({"max_containers": "3"}),
        lambda: worker.operator.set_limits({"max_containers": "3"}),
    ]
    for attempt in attempts:
        with pytest.raises(SettingsError, match="SCENEBURST_REDIS_URL the right role"):
            attempt()
    assert producer.inspect.depth() == before
    assert worker.worker.ack("c1", [done(lease)]) == []


def test_a_producer_may_read_the_keys_of_callers_and_write_none(as_role: As, admin: redis.Redis) -> None:
    """The HTTP API checks callers by them; an application that submits jobs must not become an administrator by that."""
    producer, worker, operator = as_role("producer"), as_role("worker"), as_role("operator")
    assert operator.access.make_key("shop", "a" * 64, "operate") == 1
    assert [key.name for key in producer.access.all_keys()] == ["shop"]
    client, access = producer._connection.client, producer._connection.keys.access
    for command in (("SET", access, "{}"), ("SETEX", access, 9, "{}"), ("APPEND", access, "{}"), ("GETSET", access, "{}"),
                    ("SETRANGE", access, 0, "{}"), ("COPY", access, f"{access}2"), ("SETNX", f"{access}", "{}"),
                    ("RESTORE", access, 0, "x"), ("MSET", access, "{}"), ("BITOP", "NOT", access, access)):  # fmt: skip
        with pytest.raises((redis.exceptions.NoPermissionError, redis.exceptions.ResponseError), match=r"(?i)perm"):
            client.execute_command(*command)
    for attempt in (
        lambda: producer.access.make_key("mine", "b" * 64, "administer"),
        lambda: producer.access.revoke_key("shop"),
        lambda: producer.access.session("a" * 64),
        worker.access.all_keys,
    ):
        with pytest.raises(SettingsError, match="SCENEBURST_REDIS_URL the right role"):
            attempt()
    assert [key.name for key in operator.access.all_keys()] == ["shop"]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_reaches_beyond_its_namespace_or_configures_the_server(as_role: As, admin: redis.Redis, role: Role) -> None:
    """Nor reads a neighbour's keys, nor runs scripts of its own making through EVAL."""
    client = as_role(role)._connection.client
    admin.set("{neighbour}:counts", "x")
    for command in (
        ("GET", "{neighbour}:counts"), ("HGETALL", "{neighbour}:counts"), ("KEYS", "*"), ("FLUSHALL",), ("CONFIG", "GET", "*"),
        ("ACL", "LIST"), ("EVAL", "return 1", "0"), ("MONITOR",), ("SHUTDOWN",), ("SCRIPT", "FLUSH"),
        ("CLIENT", "KILL", "ID", "1"),
    ):  # fmt: skip
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*command)
    admin.delete("{neighbour}:counts")


@pytest.mark.parametrize("structures", [STRUCTURES], indirect=True)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_database_0_and_is_told_so_for_another(as_role: As, admin: redis.Redis, namespace: str, role: Role) -> None:
    """Rules do not tell databases apart: in another one, the user would have a neighbour's queue of the same name."""
    as_role(role)
    path = admin.connection_pool.connection_kwargs["path"]
    url = f"unix://{namespace}-{role}:word@{path}"
    for database in (0, 1):
        queue = SceneQueue(SceneburstSettings.load(redis_url=f"{url}?db={database}", namespace=namespace))
        if database:
            with pytest.raises(SettingsError, match="have database 0: leave the number out"):
                queue.ping()
        else:
            queue.ping()
        queue.close()


@pytest.mark.parametrize("structures", [STRUCTURES], indirect=True)
def test_a_user_with_the_rules_of_the_version_before_is_refused_the_newer_structure(as_role: As, namespace: str) -> None:
    """Its own goes on; so the rules are applied first in an upgrade."""
    client = as_role("producer")._connection.client
    newer = SceneQueue(SceneburstSettings.load(namespace=namespace), client, structures=(3, 2))
    with pytest.raises(SettingsError, match="SCENEBURST_REDIS_URL the right role"):
        submit(newer, "a", 1)
    assert submit(as_role("producer"), "a", 1).counts.ready == 1
