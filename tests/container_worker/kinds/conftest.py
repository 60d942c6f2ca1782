"""Runs items of these kinds as the worker does."""

import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest

from container_worker.kind import ItemContext, carry_out
from container_worker.kinds import load_kinds
from container_worker.sandbox.limits import Limits
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.result import ItemResult
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
from tests.container_worker.kinds.films import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Carries out one item of a job, `render` or `stitch`, with the real renderer and storage."""
    numbers = iter(range(1000))

    def run_item(kind: str, name: str, payload: dict[str, Any], options: RenderOptions) -> ItemResult:
        scratch = tmp_path / f"scratch{next(numbers)}"
        scratch.mkdir()
        item = WorkItem(kind=kind, name=name, payload={"output": f"file://{tmp_path}/out/{name}.mp4", **payload})
        work = ItemContext(
            lease=Lease(
                job_id=check_job_id("a"), item_id=ItemId("0-0"), token=LeaseToken("1"), attempt=1, deadline_ms=0, item=item
            ),
            options={"render": options.model_dump(mode="json")}, scratch=scratch,
            storage=UriStorage(WorkerSettings.load(file_roots=[tmp_path])),
            limits=Limits(wall_s=60), container_id="c1", slot=contextlib.nullcontext,
            on_progress=lambda _share: None, should_stop=threading.Event(),
            note=lambda _notes: None,
        )  # fmt: skip
        return carry_out(load_kinds()[kind], work).result

    return run_item
