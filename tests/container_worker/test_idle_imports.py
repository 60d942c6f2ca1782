"""The libraries that an idle worker has loaded."""

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
#: A worker program that says what it has loaded when it leaves.
_IDLE = """
import sys
from container_worker import main
from scenequeue.settings import WorkerSettings
code = main.run(WorkerSettings.load())
print("loaded", *sys.modules)
sys.exit(code)
"""
#: Loaded by the first scene, by a store when it is met, or by another program.
_LATER = {"av", "cv2", "numpy", "uharfbuzz", "PIL", "boto3", "httpx", "celery"}


def test_a_worker_that_found_no_work_has_loaded_no_library_of_rendering_or_of_a_store(redis_url: str, namespace: str) -> None:
    """From its start, over its hello and waiting at the queue, to its leave."""
    environment = {
        **os.environ, "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_IDLE_TIMEOUT_S": "0.5",
    }  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", _IDLE], env=environment, cwd=_ROOT, capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.rpartition("loaded ")[2].split())
    assert "redis.client" in loaded
    assert loaded & _LATER == set()
