"""The queue remembers working folders longer than their jobs, and tells which may be removed."""

from collections.abc import Iterator

import pytest

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.jobs.transcode.working_folder import WorkFolder
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.jobs import RESULT_TTL_S, done, end_folder_pauses, end_leases, end_results, items
from tests.support.reasons import said

_FOLDER = WorkFolder("a", "s3://bucket/films/.sceneburst/a")


@pytest.fixture
def brief(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[SceneQueue]:
    """The queue, which keeps results for a time that tests let pass."""
    del queue
    settings = SceneburstSettings.load(redis_url=redis_url, namespace=namespace, result_ttl_s=RESULT_TTL_S)
    brief = SceneQueue(settings)
    yield brief
    brief.close()


def _submit(queue: SceneQueue) -> None:
    spec = JobSpec(job_id=check_job_id(_FOLDER.job_id), work_folder=_FOLDER.address, max_attempts=1)
    queue.producer.submit(spec, [items(1)])


def _due(queue: SceneQueue) -> list[WorkFolder]:
    """Folders that are due when all pauses are over."""
    fence = queue.dispatcher.acquire("me", 60)
    assert fence is not None
    end_folder_pauses(queue)
    return queue.dispatcher.due_folders(fence, 10, 60)


def _settle(queue: SceneQueue, retry_in_s: float | None = None) -> None:
    fence = queue.dispatcher.acquire("me", 60)
    assert fence is not None
    queue.dispatcher.settle_folders(fence, [_FOLDER], retry_in_s)


def _known(queue: SceneQueue) -> list[str]:
    return list(queue._connection.client.zrange(queue._connection.keys.of("jobs:folders"), 0, -1))


def test_the_folder_of_a_job_that_is_done_is_due_after_it_and_once_more_when_the_job_expires(brief: SceneQueue) -> None:
    """A container that had lost its lease may have written there meanwhile; then it is forgotten."""
    _submit(brief)
    assert _due(brief) == []
    brief.worker.ack("c1", [done(brief.worker.lease("c1", 1)[0])])
    # Not at once: the last item removes the folder itself.
    assert brief.dispatcher.due_folders(brief.dispatcher.acquire("me", 60) or 0, 10, 60) == []
    assert _due(brief) == [_FOLDER]
    _settle(brief)
    end_results(brief)
    assert _due(brief) == [_FOLDER]
    _settle(brief)
    assert _known(brief) == []


def test_a_cancelled_job_s_folder_is_due_when_no_container_works_on_it_any_more(brief: SceneQueue) -> None:
    """Until the lease ends, by the container or by itself."""
    _submit(brief)
    brief.worker.lease("c1", 1)
    brief.producer.cancel("a")
    assert _due(brief) == []
    end_leases(brief)
    assert _due(brief) == [_FOLDER]
    end_results(brief)


def test_a_failed_job_s_folder_is_kept_as_long_as_the_job_can_be_requeued(brief: SceneQueue) -> None:
    """Then it is due, though nothing else is known of the job; requeued and done, at the end like any other."""
    _submit(brief)
    brief.worker.fail("c1", brief.worker.lease("c1", 1)[0], "BadInput", said("no"), transient=False)
    assert brief.producer.status("a").state is JobState.FAILED
    assert _due(brief) == []
    brief.operator.requeue("a", "0-0")
    assert _due(brief) == []
    brief.worker.fail("c1", brief.worker.lease("c1", 1)[0], "BadInput", said("no"), transient=False)
    end_results(brief)
    assert _due(brief) == [_FOLDER]
    _settle(brief)
    assert _known(brief) == []


def test_a_taken_folder_is_not_taken_again_at_once_but_by_whoever_comes_after_a_crash(brief: SceneQueue) -> None:
    """Nothing is settled by a dispatcher that was killed: the time of its claim passes."""
    _submit(brief)
    brief.producer.cancel("a")
    fence = brief.dispatcher.acquire("me", 60) or 0
    assert brief.dispatcher.due_folders(fence, 10, 60) == [_FOLDER]
    assert brief.dispatcher.due_folders(fence, 10, 60) == []
    assert _due(brief) == [_FOLDER]
    _settle(brief, 60)
    assert brief.dispatcher.due_folders(fence, 10, 60) == []
    assert _due(brief) == [_FOLDER]
    end_results(brief)


def test_a_folder_is_found_whose_job_was_lost_before_it_ended(brief: SceneQueue) -> None:
    """Its keys were deleted by hand, so no step ever ended it."""
    _submit(brief)
    keys = brief._connection.keys
    brief._connection.client.delete(keys.job("a"), keys.job("a", "events"), keys.ready("a", "render/1"))
    assert _due(brief) == [_FOLDER]


def test_a_job_with_a_working_folder_is_the_same_job_as_one_of_a_version_that_knew_none(brief: SceneQueue) -> None:
    """Submitted again after an upgrade, it is no other job."""
    spec = JobSpec(job_id=check_job_id("a"))
    brief.producer.submit(spec, [items(1)])
    again = brief.producer.submit(spec.model_copy(update={"work_folder": _FOLDER.address}), [items(1)])
    assert again.counts.ready == 1
