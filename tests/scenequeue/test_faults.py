"""Effects on the queue of real kills: of producers at any point, and of Redis itself."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.errors import JobNotFound, QueueUnavailable
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.keys import Keys
from tests.scenequeue.jobs import RESULT_TTL_S, done, end_results, items, submit
from tests.scenequeue.submitting_program import CHUNK
from tests.support.reasons import said
from tests.support.waiting import wait_until

#: Chunks of the job whose producer is killed, and its items.
_CHUNKS = 200
_COUNT = _CHUNKS * CHUNK


def _submit_and_kill(redis_url: str, namespace: str, job_id: str, after_lines: int) -> bool:
    """Start a producer, SIGKILL it after so many lines of progress; True when it had got through before."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.scenequeue.submitting_program", redis_url, namespace, job_id, str(_COUNT)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    lines = [program.stdout.readline() for _ in range(after_lines)]
    program.kill()
    lines += program.stdout.readlines()
    program.wait()
    program.stdout.close()
    return "submitted\n" in lines


@pytest.mark.parametrize("point", sorted(random.Random(4).sample(range(_CHUNKS + 1), 20)))
def test_a_producer_killed_while_submitting_leaves_nothing_visible(
    queue: SceneQueue, redis_url: str, namespace: str, point: int
) -> None:
    """Promise 1, with SIGKILL: the job is there whole or not at all, and the repeat is the same job."""
    went_through = _submit_and_kill(redis_url, namespace, "a", point)
    depth = queue.inspect.depth().counts
    assert depth.total in ({_COUNT} if went_through else {0, _COUNT})
    if not depth.total:
        with pytest.raises(JobNotFound):
            queue.producer.status("a")
        assert queue.worker.lease("c1", 1) == []
    spec = JobSpec(job_id=check_job_id("a"))
    status = queue.producer.submit(spec, [items(_COUNT)])
    assert (status.counts.ready, queue.inspect.depth().counts.total) == (_COUNT, _COUNT)
    queue.producer.cancel("a")


def test_a_redis_that_is_killed_and_comes_back_has_everything_where_it_was(tmp_path: Path) -> None:
    """With an append-only file: leases, results, counters and pauses survive SIGKILL of the server."""
    server = EmbeddedRedis(tmp_path, is_durable=True)
    server.start()
    queue = SceneQueue(SceneburstSettings.load(redis_url=server.url))
    try:
        submit(queue, "a", 10)
        first, second = queue.worker.lease("c1", 2)
        queue.worker.ack("c1", [done(first)])
        submit(queue, "held", 3)
        queue.operator.pause("ann", "disk full", job="held")
        queue.operator.pause("ann", lane=Lane.BULK)
        before, pauses = queue.inspect.depth(), queue.inspect.pauses()
        server.kill()
        with pytest.raises(QueueUnavailable, match="does not answer"):
            queue.inspect.depth()
        server.start()
        wait_until(lambda: queue.inspect.depth() == before, "the counters are back")
        assert queue.worker.ack("c1", [done(second)]) == []
        assert queue.producer.status("a").counts.done == 2
        assert (len(pauses), queue.inspect.pauses()) == (2, pauses)
        assert {lease.job_id for lease in queue.worker.lease("c1", 20)} == {"a"}
    finally:
        queue.close()
        server.stop()


def test_no_redis_at_the_address_is_one_clear_error_without_the_password(tmp_path: Path) -> None:
    """A newcomer's mistake: which URL, what to do, and no secret."""
    queue = SceneQueue(SceneburstSettings.load(redis_url="redis://user:hunter2@127.0.0.1:1/0"))
    with pytest.raises(QueueUnavailable, match=r"redis://user:\*\*\*@127\.0\.0\.1:1/0 does not answer") as caught:
        queue.ping()
    assert "hunter2" not in str(caught.value)


def test_a_job_leaves_only_its_results_for_a_while_and_then_nothing(redis_url: str, namespace: str) -> None:
    """Promise 10: every key of an ended job expires, and the indexes forget it too."""
    queue = SceneQueue(SceneburstSettings.load(redis_url=redis_url, namespace=namespace, result_ttl_s=RESULT_TTL_S))
    submit(queue, "a", 3, max_attempts=1)
    one, two, three = queue.worker.lease("c1", 3)
    queue.worker.ack("c1", [done(one), done(two)])
    queue.worker.fail("c1", three, "BadInput", said("no"), transient=False)
    assert queue.producer.status("a").state is JobState.FAILED
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    keys = Keys(namespace)

    def remaining() -> set[str]:
        queue.dispatcher.reclaim()
        return {
            key.removeprefix(keys.structure).removeprefix(keys.prefix)
            for key in client.scan_iter(match=keys.prefix.replace("{", "\\{") + "*", count=1000)
        }

    end_results(queue)
    wait_until(lambda: remaining() <= {"counts", "fence", "needs", "rates"}, "only counters are left")
    assert queue.inspect.jobs() == []
    assert queue.inspect.dead() == []
    queue.close()
    client.close()


def test_waiting_items_cost_little_more_than_their_json(queue: SceneQueue, redis_url: str) -> None:
    """Promise 9: at most 1.3 times the JSON."""
    client = redis.Redis.from_url(redis_url)
    work = items(20_000)
    padded = [item.model_copy(update={"payload": {"pad": "x" * 350, **item.payload}}) for item in work]
    size = sum(len(item.model_dump_json()) for item in padded)
    before = client.info("memory")["used_memory"]
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [padded])
    after = client.info("memory")["used_memory"]
    client.close()
    queue.producer.cancel("a")
    assert after - before <= 1.3 * size
