"""Finds leftovers of a chaos run: keys, leases, processes, files, uploads."""

import time
from collections.abc import Iterator, Mapping

import psutil

from chaos.cluster import ChaosCluster
from chaos.judge.evidence import Evidence
from chaos.s3_server import BUCKET
from chaos.scenes import KINDS, PlannedJob
from container_worker.codes import Code
from container_worker.scratch import PREFIX, sweep
from dispatcher.codes import Code as DispatcherCode

#: Keys of an idle namespace that need no TTL, because their number is fixed.
_FIXED = frozenset(
    {"counts", "control", "fence", "rates", "jobs", "expiring", "containers", "dead", "notices", "wished", "needs", "access"}
)
#: Indexes; their entries are deleted with the jobs and dead letters that they list.
_INDEXES = ("jobs:state:", "jobs:lane:", "jobs:label:", "jobs:names", "jobs:folders", "dead:reason")
#: Keys that exist only while there is work.
_OF_WORK = frozenset({"bell", "leases", "delayed", "lane", "since", "item"})
#: Reasons of the end of a container that finished or handed back all it held.
_CLEAN_EXITS = frozenset({Code.IDLE, Code.ASKED_TO_STOP, Code.DRAINED, DispatcherCode.IDLE_DRAINED})
_TIMEOUT_S = 5.0


def find_leaks(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob], evidence: Evidence) -> list[str]:
    """List everything left behind, one sentence each."""
    return [
        *_of_keys(cluster),
        *_of_storage(cluster, jobs),
        *_of_uploads(cluster, evidence),
        *_of_processes(cluster),
        *_of_scratch(cluster, evidence),
    ]


def _of_keys(cluster: ChaosCluster) -> Iterator[str]:
    client = cluster.queue._connection.client
    keys = cluster.queue._connection.keys
    for key in client.scan_iter(match="*", count=1000):
        _, name = keys.split(key)
        if name.partition(":")[0] in _OF_WORK or (name.startswith("held:") and name.count(":") == 1):
            yield f"{key} is left, and there is no work"
        elif name not in _FIXED and not name.startswith(_INDEXES) and client.ttl(key) == -1:
            yield f"{key} has no TTL"


def _of_storage(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob]) -> Iterator[str]:
    expected = {
        f"videos/{job.scene_name(index)}.mp4"
        for job in jobs.values()
        for index, name in enumerate(job.kinds)
        if not KINDS[name].error
    }
    pages = cluster.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    found = {each["Key"] for page in pages for each in page.get("Contents", [])}
    yield from (f"{key} is there, and nobody asked for it" for key in sorted(found - expected))


def _of_uploads(cluster: ChaosCluster, evidence: Evidence) -> Iterator[str]:
    """Find multipart uploads that a container should have ended.

    Nobody can end the upload of a container that was killed, or whose request S3 failed; the bucket's lifecycle rule deletes it
    after a day (AbortIncompleteMultipartUpload in deploy/sceneburst.yaml).
    """
    for key, upload_id in left_uploads(cluster):
        upload = cluster.s3_proxy.uploads.get(upload_id)
        if upload is None:
            yield f"an upload of {key} did not pass the proxy"
            continue
        if _has_exited_cleanly(evidence, upload.container) and not upload.is_answer_lost:
            yield f"an upload of {key} was never ended, and {upload.container} exited cleanly"


def _has_exited_cleanly(evidence: Evidence, container_id: str) -> bool:
    record = evidence.ledger.get(container_id)
    return record is not None and record.code in _CLEAN_EXITS and not record.held


def _of_scratch(cluster: ChaosCluster, evidence: Evidence) -> Iterator[str]:
    """Find scratch folders of containers that exited cleanly, and of killed ones after a sweep, as the next container does."""
    for path in cluster.scratch.glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).split("-", 1)[0]
        container_id = evidence.pids.get(int(pid) if pid.isdigit() else 0, "")
        if _has_exited_cleanly(evidence, container_id):
            yield f"{path} is left in the scratch space, and {container_id} exited cleanly"
    sweep(cluster.scratch)
    left = [*cluster.scratch.glob("*"), *(path for path in cluster.scratch_disk.iterdir() if path != cluster.scratch)]
    yield from (f"{path} is left in the scratch space" for path in left)


def left_uploads(cluster: ChaosCluster) -> list[tuple[str, str]]:
    """Return key and id of each unfinished multipart upload."""
    pages = cluster.s3.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET)
    return [(each["Key"], each["UploadId"]) for page in pages for each in page.get("Uploads", [])]


def _of_processes(cluster: ChaosCluster) -> Iterator[str]:
    """Find processes; the kernel kills the children of a killed worker soon, not at once."""
    deadline = time.monotonic() + _TIMEOUT_S
    while (left := cluster.processes()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        try:
            yield f"process {process.pid} is left: {' '.join(process.cmdline())[:120]}"
        except psutil.Error:
            continue
