"""Checks jobs and counters at the end of a chaos run; each broken promise is one sentence."""

import io
from collections.abc import Iterator, Mapping, Sequence

import av
from botocore.exceptions import ClientError

from chaos.cluster import ChaosCluster
from chaos.faults.catalogue import causes_of
from chaos.faults.log import InjectedFault
from chaos.judge.attribution import LeaseEnd, unexplained
from chaos.judge.evidence import Evidence, JobEvidence
from chaos.judge.history import violations
from chaos.judge.leaks import find_leaks
from chaos.judge.newer_version import leased_by_old
from chaos.redis_clock import ClockMoves
from chaos.s3_server import BUCKET
from chaos.scenes import FRAMES, KINDS, PlannedJob
from scenequeue.jobs.job import JobState
from scenequeue.jobs.result import ItemResult


def broken(
    cluster: ChaosCluster, jobs: Mapping[str, PlannedJob], evidence: Evidence, injected: Sequence[InjectedFault]
) -> list[str]:
    """List every broken promise; empty if all held."""
    possible = [*injected, *evidence.wrong_clocks()]
    return [
        *(sentence for job in jobs.values() for sentence in _of_job(cluster, job, evidence.jobs[job.job_id], possible)),
        *_of_counters(cluster, jobs),
        *find_leaks(cluster, jobs, evidence),
    ]


def _of_job(cluster: ChaosCluster, job: PlannedJob, found: JobEvidence, injected: Sequence[InjectedFault]) -> Iterator[str]:
    if found.status is None:
        yield f"{job.job_id} was submitted, and is not there"
        return
    if found.status.state is JobState.ACTIVE:
        yield f"{job.job_id} has not ended: {found.status.counts}"
    states = [result.state for result in found.results.values()]
    counted = (found.status.counts.done, found.status.counts.dead, found.status.counts.total)
    if counted != (states.count("done"), states.count("dead"), len(job.kinds)):
        yield f"{job.job_id} counts {found.status.counts}, and has {states.count('done')} done and {states.count('dead')} dead"
    for index, name in enumerate(job.kinds):
        item_id = f"0-{index}"
        result = found.results.get(item_id)
        if result is None:
            yield f"{job.job_id}/{item_id} ({name}) has no result"
            continue
        yield from _of_scene(cluster, job, index, result)
        yield from _of_attempts(job, index, found, injected, cluster.clock_moves)
        if (result.state == "dead") != (item_id in found.letters):
            yield f"{job.job_id}/{item_id} is {result.state}, and {'has' if item_id in found.letters else 'has no'} dead letter"
        if item_id in found.letters and not found.letters[item_id].errors:
            yield f"{job.job_id}/{item_id} was buried without a history"
    yield from leased_by_old(job, found)
    yield from violations(job.job_id, found.events, found.results.values())


def _of_scene(cluster: ChaosCluster, job: PlannedJob, index: int, result: ItemResult) -> Iterator[str]:
    where, kind = f"{job.job_id}/0-{index}", KINDS[job.kinds[index]]
    if kind.error:
        if result.state != "dead":
            yield f"{where} was planted as {kind.name}, but is {result.state}"
        return
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


def _of_attempts(
    job: PlannedJob, index: int, found: JobEvidence, injected: Sequence[InjectedFault], moves: ClockMoves
) -> Iterator[str]:
    """Check that every attempt ended for the planted reason or because of a fault."""
    item_id, kind = f"0-{index}", KINDS[job.kinds[index]]
    where = f"{job.job_id}/{item_id} ({kind.name})"
    letter = found.letters.get(item_id)
    if letter is None:
        ends = [end for end in found.ends if end.item_id == item_id and end.name in {"retry", "reclaimed"}]
        planned = 0
    else:
        as_planted = [kind.is_cause_of(error.error, error.message) for error in letter.errors]
        planned = sum(as_planted)
        ends = [
            LeaseEnd(item_id, "failed", error.container, error.error, span.from_ms, span.until_ms)
            for error, is_planted in zip(letter.errors, as_planted, strict=True)
            for span in [moves.when(error.at_ms)]
            if not is_planted
        ]
    for end in unexplained(ends, injected, causes_of, moves):
        yield f"{where}: {end.name} with {end.error} in {end.container} at {end.at_ms}, and no fault explains it"
    if kind.error and not kind.is_poison and not planned:
        yield f"{where} was not buried for what is wrong with it: {found.results[item_id].error}"


def _of_counters(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob]) -> Iterator[str]:
    depth = cluster.queue.inspect.depth()
    expected = sum(len(job.kinds) for job in jobs.values())
    if depth.counts.total != expected:
        yield f"the counters add up to {depth.counts.total} instead of {expected}: {depth.counts}"
    if depth.counts.in_work or depth.counts.waiting:
        yield f"there is work left: {depth.counts}"
    if any(depth.ready_by_lane.values()) or depth.ready_weight:
        yield f"nothing is ready, yet the lanes count {depth.ready_by_lane} and weigh {depth.ready_weight} s"
