"""What must not be left at the end of a chaos run: keys, leases, processes, files, uploads."""

import time
from collections.abc import Iterator, Mapping

import psutil

from chaos.cluster import ChaosCluster
from chaos.evidence import Evidence
from chaos.s3_server import BUCKET
from chaos.scenes import KINDS, PlannedJob

#: Keys of a namespace at rest that need no time to live: fixed in number.
_FIXED = frozenset({"counts", "control", "fence", "rates", "jobs", "expiring", "containers", "dead", "notices"})
#: Keys that there are only while there is work.
_OF_WORK = ("bell", "leases", "delayed", "lane:urgent", "lane:normal", "lane:bulk")
#: What a container that left in order says of it; what it held it had ended before.
_LEFT_WELL = ("idle", "asked to stop", "drained by the dispatcher")
_PATIENCE_S = 5.0


def leftovers(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob], evidence: Evidence) -> list[str]:
    """Everything that is left, as sentences."""
    return [
        *_of_keys(cluster),
        *_of_storage(cluster, jobs),
        *_of_uploads(cluster, evidence),
        *_of_processes(cluster),
        *(f"{path} is left in the scratch space" for path in sorted(cluster.scratch.glob("*")) if path.name != "lost+found"),
    ]


def _of_keys(cluster: ChaosCluster) -> Iterator[str]:
    client = cluster.queue._connection.client
    prefix = "{" + cluster.namespace + "}:"
    for key in client.scan_iter(match="*", count=1000):
        name = key.removeprefix(prefix)
        if name in _OF_WORK or name.startswith("item:") or (name.startswith("held:") and name.count(":") == 1):
            yield f"{key} is left, and there is no work"
        elif name not in _FIXED and not name.startswith("celery:") and client.ttl(key) == -1:
            yield f"{key} has no time to live"


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
    """Uploads in parts that were never ended, by who could have ended them.

    One of a container that was killed, or that S3 did not answer, nobody can end: the bucket's lifecycle rule removes it after
    a day (AbortIncompleteMultipartUpload in deploy/sceneburst.yaml).
    """
    for page in cluster.s3.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET):
        for each in page.get("Uploads", []):
            upload = cluster.s3_proxy.uploads.get(each["UploadId"])
            if upload is None:
                yield f"an upload of {each['Key']} came past the proxy"
                continue
            record = evidence.ledger.get(upload.container)
            has_left_well = record is not None and record.exit_reason.startswith(_LEFT_WELL) and not record.held
            if has_left_well and not upload.is_spoiled:
                yield f"an upload of {each['Key']} was never ended, and {upload.container} left well ({record.exit_reason})"  # type: ignore[union-attr]


def _of_processes(cluster: ChaosCluster) -> Iterator[str]:
    """The kernel kills the children of who was killed; that is soon, not at once."""
    deadline = time.monotonic() + _PATIENCE_S
    while (left := cluster.processes()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        try:
            yield f"process {process.pid} is left: {' '.join(process.cmdline())[:120]}"
        except psutil.Error:
            continue
