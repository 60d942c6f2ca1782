"""The one read of the front view: as the operator's user of Redis, with keys that others have written over, and its cost."""

import pytest
import redis

from sceneburst.overview.facts import FactReader
from sceneburst.overview.view import overview_of
from scenequeue.ports.troubles.dead_reasons import LOOKED_AT
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.acl import Role, rules
from tests.scenequeue.jobs import submit

_KEYS = (
    *(
        "control",
        "plan",
        "dispatcher",
        "counts",
        "needs",
        "leases",
        "delayed",
        "dead",
        "notices",
        "containers",
        "rates",
        "limits",
    ),
    *("decisions", "rollup:hour", "rollup:minute", "dead:reasons", "dead:reason:object_missing", "dead:reason_of", "jobs:paused"),
    *("since:normal:render/1", "job:a", "job:a:dead", "container:c1"),
)


def _full(queue: SceneQueue) -> None:
    """Something of everything that is read."""
    submit(queue, "a", 3)
    first, _second = queue.worker.lease("c1", 2)
    queue.worker.fail(
        "c1", first, "ObjectNotFound", Reason("object_missing", {"uri": "s3://b/k", "answer": "404"}), transient=False
    )
    queue.operator.pause(job="a", by="ann@ops", why="disk full")


@pytest.mark.parametrize("name", _KEYS)
@pytest.mark.parametrize("kind", ["string", "list"])
def test_a_key_that_another_program_has_written_over_breaks_no_view(
    queue: SceneQueue, redis_url: str, name: str, kind: str
) -> None:
    """Its part is missing, or is told as damaged."""
    _full(queue)
    key = queue._connection.keys.of(name)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(key)
        client.set(key, "{[not what it was") if kind == "string" else client.rpush(key, "a", "b")
        view = overview_of(FactReader(queue).read())
        assert view.to_people()
        for each in client.scan_iter(match=queue._connection.keys.prefix.replace("{", "\\{") + "*"):
            client.expire(each, 60)


@pytest.mark.parametrize(("role", "is_whole"), [("operator", True), ("producer", False)])
def test_an_operators_user_reads_all_of_it_and_another_one_is_told_that_it_does_not(
    queue: SceneQueue, redis_url: str, namespace: str, role: Role, is_whole: bool
) -> None:
    """By the rules that `sceneburst acl` prints."""
    _full(queue)
    with redis.Redis.from_url(redis_url) as admin:
        user = f"{namespace}-{role}"
        admin.execute_command("ACL", "SETUSER", user, "on", ">word", *rules(role, namespace))
        path = admin.connection_pool.connection_kwargs["path"]
        theirs = SceneQueue(SceneburstSettings.load(redis_url=f"unix://{user}:word@{path}", namespace=namespace))
        facts = FactReader(theirs).read()
        assert (facts.unreadable is None) is is_whole
        assert overview_of(facts).numbers.dead == 1
        assert bool(facts.pauses) or not is_whole
        theirs.close()
        admin.execute_command("ACL", "DELUSER", user)


def test_a_look_costs_the_same_however_many_letters_and_jobs_there_are(queue: SceneQueue, redis_url: str) -> None:
    """Once there are more than are looked at."""
    queue.dispatcher.acquire("test", 600)
    with redis.Redis.from_url(redis_url) as client:

        def bury(jobs: range, letters: int) -> None:
            for number in jobs:
                submit(queue, f"job{number}", letters)
                for lease in queue.worker.lease("c1", letters):
                    missing = Reason("object_missing", {"uri": "s3://b/k", "answer": "404"})
                    queue.worker.fail("c1", lease, "ObjectNotFound", missing, transient=False)

        def commands() -> int:
            before = client.info("stats")["total_commands_processed"]
            FactReader(queue).read()
            return int(client.info("stats")["total_commands_processed"] - before)

        bury(range(LOOKED_AT + 1), 1)
        few = commands()
        bury(range(100, 100 + 2 * LOOKED_AT), 4)
        assert commands() <= few
    queue.dispatcher.resign("test")
