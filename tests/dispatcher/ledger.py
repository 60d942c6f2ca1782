"""Container records for the tests of decisions."""

import itertools

from dispatcher.fleet import FleetContainer
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId

NOW_MS = 10_000_000
_numbers = itertools.count()


def container(state: str = "running", **fields: object) -> ContainerRecord:
    """A container that was launched and said hello a minute ago, and has just beaten."""
    ago = NOW_MS - 60_000
    defaults = {
        "intended_ms": ago,
        "launched_ms": ago,
        "started_ms": ago,
        "beat_ms": NOW_MS - 1000,
        "vcpu": 2.0,
        "memory_mib": 4096,
    }
    name = ContainerId(f"c{next(_numbers)}")
    return ContainerRecord.model_validate({"container_id": name, "state": state, **defaults, **fields})


def seen(record: ContainerRecord, *, is_running: bool = True) -> FleetContainer:
    """The same container as its fleet sees it."""
    return FleetContainer(f"h-{record.container_id}", record.container_id, is_running, started_ms=record.started_ms)
