"""Carries out a transcoding, and measures the CPU time of its items."""

from dataclasses import dataclass, field

from container_worker.kind import Finished
from container_worker.media.child_program import used_cpu_s
from scenequeue.jobs.item import WorkItem
from tests.support.transcoding import Transcoding


@dataclass
class TimedTranscoding(Transcoding):
    """A transcoding that knows the CPU time of each of its items, in seconds."""

    used: list[tuple[WorkItem, float]] = field(default_factory=list)

    def carry_out(self, item: WorkItem) -> Finished:
        before = used_cpu_s()
        finished = super().carry_out(item)
        self.used.append((item, used_cpu_s() - before))
        return finished

    def used_s(self, kind: str) -> float:
        """Return the CPU time of all items of a kind."""
        return sum(used_s for item, used_s in self.used if item.kind == kind)
