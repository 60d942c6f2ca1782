"""Sceneburst's container worker, with a kind of item that only says that it began."""

import sys

from body import REDIS_URL, work

from container_worker.lean import stay_lean

# As the program itself does, before anything else is loaded.
stay_lean()

from container_worker.handlers import Work
from container_worker.main import run
from scenequeue.items import ItemResult
from scenequeue.settings import WorkerSettings


def note(item: Work) -> ItemResult:
    """Log the start."""
    work(item.lease.item.payload["number"])
    return ItemResult(item_id=item.lease.item_id, name=item.lease.item.name, state="done", container=item.container_id)


if __name__ == "__main__":
    sys.exit(run(WorkerSettings.load(redis_url=REDIS_URL), {"run": note}))
