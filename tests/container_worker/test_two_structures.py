"""A worker that serves two structures of the queue."""

from pathlib import Path

from container_worker.drain import Drain
from container_worker.exit_codes import Exit
from container_worker.kind import ItemContext
from container_worker.loop import WorkLoop
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import WorkerSettings
from tests.container_worker.function_kind import kinds_of
from tests.scenequeue.conftest import beside


def test_items_of_two_jobs_of_one_id_have_each_the_options_of_their_own(
    queue: SceneQueue, namespace: str, tmp_path: Path
) -> None:
    """An older version has submitted one of the id that a newer one had used before."""
    newer = beside(queue, namespace, 3, 2)
    for each, fps in ((newer, 30), (queue, 25)):
        spec = JobSpec(job_id=check_job_id("a"), options={"look": {"fps": fps}})
        each.producer.submit(spec, [[WorkItem(kind="look", name=f"{fps}fps", payload={}) for _ in range(3)]])
    seen: list[tuple[str, int]] = []

    def look(work: ItemContext) -> None:
        with work.slot():
            seen.append((work.lease.item.name, work.options["look"]["fps"]))

    settings = WorkerSettings.load(slots=1, lease_s=60.0, idle_timeout_s=0.1, scratch_dir=tmp_path / "scratch")
    assert WorkLoop(newer, settings, ContainerId("c1"), kinds_of({"look": look}), Drain(10.0)).run() is Exit.IDLE
    assert sorted(seen) == [("25fps", 25)] * 3 + [("30fps", 30)] * 3
    assert {job.state for job in newer.inspect.jobs()} == {JobState.DONE}
