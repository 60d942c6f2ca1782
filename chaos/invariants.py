"""What must be true at the end of a chaos run, each broken promise as a sentence."""

import io
from collections.abc import Iterator, Mapping

import av
from botocore.exceptions import ClientError

from chaos.cluster import BUCKET, ChaosCluster
from chaos.history import violations
from chaos.scenes import FRAMES, KINDS, PlannedJob
from scenequeue.errors import JobNotFound
from scenequeue.items import ItemResult, JobEvent, JobState

_PAGE = 1000
#: Keys of a namespace at rest that need no time to live: fixed in number, or empty with the work.
_FIXED = frozenset(
    {
        *("counts", "control", "fence", "rates", "jobs", "expiring", "containers", "bell", "leases", "delayed", "dead"),
        *("notices", "lane:urgent", "lane:normal", "lane:bulk"),
    }
)


def broken(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob]) -> list[str]:
    """Every broken promise; none when all held."""
    return [
        *(sentence for job in jobs.values() for sentence in _of_job(cluster, job)),
        *_of_counters(cluster, jobs),
        *_of_keys(cluster),
        *_of_storage(cluster, jobs),
        *(f"process {process.pid} is left: {' '.join(process.cmdline())[:120]}" for process in cluster.processes()),
        *(f"{path} is left in the scratch space" for path in sorted(cluster.scratch.glob("*")) if path.name != "lost+found"),
    ]


def _of_job(cluster: ChaosCluster, job: PlannedJob) -> Iterator[str]:
    queue = cluster.queue
    try:
        status = queue.producer.status(job.job_id)
    except JobNotFound:
        yield f"{job.job_id} was submitted, and is not there"
        return
    if status.state is JobState.ACTIVE:
        yield f"{job.job_id} has not ended: {status.counts}"
    results = {str(result.item_id): result for result in queue.producer.results(job.job_id)}
    letters = {str(letter.item_id): letter for letter in queue.inspect.dead(job.job_id, 1_000_000)}
    for index, name in enumerate(job.kinds):
        key = f"0-{index}"
        result = results.get(key)
        if result is None:
            yield f"{job.job_id}/{key} ({name}) has no result"
            continue
        yield from _of_scene(cluster, job, index, result)
        if (result.state == "dead") != (key in letters):
            yield f"{job.job_id}/{key} is {result.state}, and {'has' if key in letters else 'has no'} dead letter"
        if key in letters and not letters[key].errors:
            yield f"{job.job_id}/{key} was buried without a history"
    yield from violations(job.job_id, _events(cluster, job.job_id))


def _of_scene(cluster: ChaosCluster, job: PlannedJob, index: int, result: ItemResult) -> Iterator[str]:
    where, kind = f"{job.job_id}/0-{index}", KINDS[job.kinds[index]]
    if not kind.reasons:
        if result.state != "done":
            yield f"{where} is good, but {result.state}: {result.error}"
            return
        key = f"videos/{job.scene_name(index)}.mp4"
        try:
            body = cluster.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            with av.open(io.BytesIO(body), "r") as video:
                frames = len(list(video.decode(video=0)))
        except (ClientError, av.FFmpegError) as error:
            yield f"{where} is done, but {key} is no video: {error}"
            return
        if frames != FRAMES:
            yield f"{where}: {key} has {frames} frames instead of {FRAMES}"
        return
    reason = (result.error or "").partition(":")[0]
    if result.state != "dead" or reason not in kind.reasons:
        yield f"{where} was planted as {kind.name}, but is {result.state}: {result.error}"


def _events(cluster: ChaosCluster, job_id: str) -> Iterator[JobEvent]:
    after = "0"
    while page := cluster.queue.producer.events(job_id, after, count=_PAGE):
        yield from page
        after = page[-1].id


def _of_counters(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob]) -> Iterator[str]:
    counts = cluster.queue.inspect.depth().counts
    expected = sum(len(job.kinds) for job in jobs.values())
    if counts.total != expected:
        yield f"the counters add up to {counts.total} instead of {expected}: {counts}"
    if counts.in_work or counts.waiting:
        yield f"there is work left: {counts}"


def _of_keys(cluster: ChaosCluster) -> Iterator[str]:
    client = cluster.queue._connection.client
    prefix = "{" + cluster.namespace + "}:"
    for key in client.scan_iter(match="*", count=1000):
        name = key.removeprefix(prefix)
        if name not in _FIXED and not name.startswith("celery:") and client.ttl(key) == -1:
            yield f"{key} has no time to live"
    for name in ("leases", "delayed"):
        if size := client.zcard(prefix + name):
            yield f"{size} members are left in {name}"


def _of_storage(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob]) -> Iterator[str]:
    expected = {
        f"videos/{job.scene_name(index)}.mp4"
        for job in jobs.values()
        for index, name in enumerate(job.kinds)
        if not KINDS[name].reasons
    }
    pages = cluster.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    found = {each["Key"] for page in pages for each in page.get("Contents", [])}
    yield from (f"{key} is there, and nobody asked for it" for key in sorted(found - expected))
    uploads = cluster.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    yield from (f"an upload of {each['Key']} was never finished" for each in uploads)
