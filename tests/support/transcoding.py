"""Carries out all items of a transcoding in one process, in the order in which the queue would hand them out."""

import contextlib
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from container_worker.kind import Finished, ItemContext, carry_out
from container_worker.kinds import load_kinds
from container_worker.sandbox.limits import Limits
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage


@dataclass
class Transcoding:
    """A source's files, in a folder of its own."""

    source: Path
    folder: Path
    options: Mapping[str, Any]
    #: Time limit of each item, in seconds.
    wall_s: float = 120
    #: Every item that was carried out, with its result.
    finished: list[tuple[WorkItem, Finished]] = field(default_factory=list)

    @property
    def work(self) -> Path:
        """Folder of the working files."""
        return self.folder / ".sceneburst" / "job" / "0"

    @property
    def plan(self) -> TranscodePlan:
        """The stored plan."""
        return TranscodePlan.model_validate_json((self.work / "plan.json").read_text())

    @property
    def codes(self) -> list[str]:
        """Codes of the plan's notes."""
        return [note["code"] for note in self.plan.notes]

    def file(self, rendition: str) -> Path:
        """Return a rendition's final file."""
        [found] = [each.output for each in self.plan.renditions if each.name == rendition]
        return Path(found.removeprefix("file://"))

    def probe(self) -> Sequence[WorkItem]:
        """Carry out the probe alone; returns the items that it brings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        output = f"file://{self.folder}"
        payload = {
            "source": f"file://{self.source}", "output": output, "stem": "film", "work": f"file://{self.work}",
        }  # fmt: skip
        return self.finish(WorkItem(kind="probe", name="probe", payload=payload))

    def run(self) -> None:
        """Carry out all stages."""
        stage = self.probe()
        while stage:
            stage = [brought for item in stage for brought in self.finish(item)]

    def finish(self, item: WorkItem) -> Sequence[WorkItem]:
        """Carry out one item, and keep its result; returns the items that it brings."""
        finished = self.carry_out(item)
        self.finished.append((item, finished))
        return finished.brings

    def carry_out(self, item: WorkItem) -> Finished:
        """Carry out one item as a container would."""
        kind = load_kinds()[item.kind]
        storage = UriStorage(WorkerSettings.load(file_roots=[self.source.parent, self.folder]))
        with tempfile.TemporaryDirectory() as scratch:
            return carry_out(
                kind,
                ItemContext(
                    lease=Lease(
                        job_id=check_job_id("job"), item_id=ItemId("0-0"), token=LeaseToken("1"), attempt=1, deadline_ms=0,
                        item=item,
                    ),
                    options={"transcode": dict(self.options)}, scratch=Path(scratch), storage=storage,
                    limits=Limits(wall_s=self.wall_s),
                    container_id="c1", slot=contextlib.nullcontext, on_progress=lambda _fraction: None,
                    should_stop=threading.Event(), note=lambda _notes: None,
                ),
            )  # fmt: skip
