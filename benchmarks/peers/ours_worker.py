"""Sceneburst's container worker, with a kind of item that only says that it began."""

import sys

from body import REDIS_URL, work

from container_worker.lean import stay_lean

# As the program itself does, before anything else is loaded.
stay_lean()

from pydantic import BaseModel, ConfigDict

from container_worker.kind import Made
from container_worker.main import run
from scenequeue.settings import WorkerSettings


class AnyPayload(BaseModel):
    """A payload of any fields."""

    model_config = ConfigDict(extra="allow")


class Note:
    """Logs the start."""

    payload = AnyPayload

    def inputs(self, item):
        return ()

    def fingerprint(self, item, files):
        return ""

    def outputs(self, item):
        return ()

    def run(self, item, files) -> Made:
        work(item.context.lease.item.payload["number"])
        return Made()


if __name__ == "__main__":
    sys.exit(run(WorkerSettings.load(redis_url=REDIS_URL), {"run": Note()}))
