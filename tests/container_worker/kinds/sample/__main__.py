"""The worker program, with the sample kind's two files on the packages' paths as if they had been put into their folders."""

import sys
from pathlib import Path

import container_worker.kinds
import scenequeue.jobs.kinds
from container_worker.main import run
from scenequeue.settings import WorkerSettings

_HERE = Path(__file__).parent
scenequeue.jobs.kinds.__path__.append(str(_HERE / "queued"))
container_worker.kinds.__path__.append(str(_HERE / "carried_out"))

if __name__ == "__main__":
    sys.exit(run(WorkerSettings.load()))
