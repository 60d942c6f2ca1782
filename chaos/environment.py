"""Environment variables of a chaos run's programs: every limit is low enough to be reached within seconds."""

import json
import os
import sys
from pathlib import Path

from chaos.scenes import ITEM_MEMORY_MIB, ITEM_TIMEOUT_S
from container_worker.media.ffmpeg import find_ffmpeg

#: Dummy credentials, in boto3's variables.
AWS = {
    "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip
EVENT_LIMIT = 1_000_000
#: The lock of dispatcher/tick.py for ticks as short as these.
DISPATCHER_LOCK_S = 10.0
_HERE = Path(__file__).parent


def environment(folder: Path, seed: int, *, fleet: str, lease_s: float, containers: int) -> dict[str, str]:
    """Return all variables except the addresses of Redis and S3.

    Args:
        folder: folder of the run.
        seed: seed of the workers' clocks.
        fleet: process or fargate.
        lease_s: length of a lease.
        containers: maximum number of workers.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SCENEBURST_"))}
    return {
        **inherited,
        **AWS,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_HERE / "skew"), os.environ.get("PYTHONPATH")])),
        "CHAOS_SEED": str(seed),
        "CHAOS_STARTS": str(folder / "starts"),
        "SCENEBURST_NAMESPACE": "chaos",
        "SCENEBURST_FLEET": fleet,
        "SCENEBURST_FFMPEG": str(encoder(folder)),
        "SCENEBURST_STATE_DIR": str(folder / "fleet"),
        "SCENEBURST_SCRATCH_DIR": str(folder / "scratch" / "items"),
        "SCENEBURST_FILE_ROOTS": json.dumps([]),
        "SCENEBURST_EVENT_LIMIT": str(EVENT_LIMIT),
        "SCENEBURST_TICK_S": "0.5",
        "SCENEBURST_LEASE_S": str(lease_s),
        "SCENEBURST_MAX_CONTAINERS": str(containers),
        "SCENEBURST_MAX_PARALLEL_TASKS": str(containers),
        "SCENEBURST_SCENES_PER_BATCH": "8",
        "SCENEBURST_MIN_SCENES_PER_BATCH": "1",
        "SCENEBURST_WORKER_SLOTS": "1",
        "SCENEBURST_IDLE_TIMEOUT_S": "4",
        "SCENEBURST_SILENT_AFTER_S": "8",
        "SCENEBURST_HELLO_TIMEOUT_S": "20",
        "SCENEBURST_DRAIN_GRACE_S": "3",
        "SCENEBURST_ITEM_TIMEOUT_S": str(ITEM_TIMEOUT_S),
        "SCENEBURST_ITEM_MEMORY_MIB": str(ITEM_MEMORY_MIB),
        "SCENEBURST_LOG_FORMAT": "json",
    }


def encoder(folder: Path) -> Path:
    """Write an ffmpeg that hangs or crashes if the scene's title says so.

    The paths of the real ffmpeg and of Python are written into it, as a worker's children get no environment variables.
    """
    path = folder / "ffmpeg"
    if not path.exists():
        script = (_HERE / "ffmpeg").read_text().replace("${CHAOS_FFMPEG:?}", str(find_ffmpeg().path))
        path.write_text(script.replace("${CHAOS_PYTHON:?}", sys.executable))
        path.chmod(0o700)
    return path
