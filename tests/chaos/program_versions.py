"""Starts programs of a version of Sceneburst: how each differs from today's is in tests/support/versions/."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

NAMESPACE = "versions"
MAX_CONTAINERS = 3
_CHANGES = Path(__file__).parents[1] / "support" / "versions"
#: Submits jobs one after another, as long as not too much waits, until it is told that it is enough.
PRODUCER = """
import sys, time
from pathlib import Path
from producer import Producer
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
name, folder, items = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
count = folder / f"{name}.submitted"
number = int(count.read_text() or 0) if count.exists() else 0
with Producer() as producer:
    while not (folder / f"{name}.enough").exists():
        if producer.queue.inspect.depth().counts.ready > 10 * items:
            time.sleep(0.02)
            continue
        job_id = f"{name}-{number}"
        outputs = [(folder / "out" / f"{job_id}-{at}").as_uri() for at in range(items)]
        made = [WorkItem(kind="sleep", name="note", payload={"seconds": 0.02, "output": output}) for output in outputs]
        producer.queue.producer.submit(JobSpec(job_id=check_job_id(job_id), max_attempts=20), [made])
        number += 1
        part = folder / f"{name}.part"
        part.write_text(str(number))
        part.replace(count)
"""


class Version(NamedTuple):
    """A version of programs."""

    #: Structures that they serve, newest first.
    structures: str
    #: The image that their dispatcher launches, and the structures that its containers serve.
    image: str
    image_structures: str


OLD = Version("2", "old", "2")
NEW = Version("3 2", "new", "3 2")
#: Half an upgrade: of the dispatcher alone, and of the image alone.
NEW_WITH_OLD_IMAGE = Version("3 2", "old", "2")
OLD_WITH_NEW_IMAGE = Version("2", "new", "3 2")


def start_program(version: Version, redis_url: str, folder: Path, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a program of a version; dispatchers launch processes.

    Args:
        version: the program's.
        redis_url: address of the queue.
        folder: for the fleet's records, scratch folders, and outputs.
        log: file that its output is appended to.
        arguments: those of the interpreter.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_CHANGES), os.environ.get("PYTHONPATH")])),
        "VERSION_STRUCTURES": version.structures,
        "VERSION_IMAGE": version.image,
        "VERSION_IMAGE_STRUCTURES": version.image_structures,
        "SCENEBURST_REDIS_URL": redis_url,
        "SCENEBURST_NAMESPACE": NAMESPACE,
        "SCENEBURST_FLEET": "process",
        "SCENEBURST_STATE_DIR": str(folder / "fleet"),
        "SCENEBURST_SCRATCH_DIR": str(folder / "scratch"),
        "SCENEBURST_FILE_ROOTS": json.dumps([str(folder / "out")]),
        "SCENEBURST_TICK_S": "0.25",
        "SCENEBURST_LEASE_S": "60",
        "SCENEBURST_IDLE_TIMEOUT_S": "0.8",
        "SCENEBURST_DRAIN_GRACE_S": "5",
        "SCENEBURST_MAX_CONTAINERS": str(MAX_CONTAINERS),
        "SCENEBURST_MAX_PARALLEL_TASKS": str(MAX_CONTAINERS),
        "SCENEBURST_SCENES_PER_BATCH": "8",
        "SCENEBURST_MIN_SCENES_PER_BATCH": "1",
        "SCENEBURST_WORKER_SLOTS": "2",
        "SCENEBURST_LOG_FORMAT": "json",
    }
    with log.open("ab") as output:
        argv = [sys.executable, *arguments]
        return subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
