"""Items that name the working folder of another job are refused before a file is read, written or deleted."""

import contextlib
import threading
from pathlib import Path

import pytest

from container_worker.kind import ItemContext, ParsedItem
from container_worker.kinds import load_kinds
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.reasons import Code
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage

_KINDS = ("probe", "encode", "audio", "captions", "join", "verify")


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    "work",
    [
        "s3://b/.sceneburst/victim/0", "s3://b/.sceneburst/job1/../victim/0", "s3://b/.sceneburst/job1/0/../../victim/0",
        "s3://b/.sceneburst/job1", "s3://b/.sceneburst/job1/", "s3://b/job1/0", "s3://b/.sceneburst/job1/x", "0", "",
    ],
)  # fmt: skip
def test_a_working_folder_of_another_job_is_refused(kind: str, work: str, tmp_path: Path) -> None:
    """Whoever may write to the queue must not have one job's worker publish or delete another's files."""
    item = WorkItem(kind=kind, name=kind, payload={})
    lease = Lease(job_id=check_job_id("job1"), item_id=ItemId("0-0"), token=LeaseToken("1"), attempt=1, deadline_ms=0, item=item)
    context = ItemContext(
        lease=lease, options={}, scratch=tmp_path, storage=UriStorage(WorkerSettings.load()), limits=Limits(wall_s=60),
        container_id="c1", slot=contextlib.nullcontext, on_progress=lambda _share: None, should_stop=threading.Event(),
        note=lambda _notes: None,
    )  # fmt: skip
    made = load_kinds()[kind]
    parsed = ParsedItem(context, made.payload.model_construct(work=work, rendition="720p", track=None), made.options())
    with pytest.raises(BadInput) as caught:
        _ = list(made.inputs(parsed)) if kind in {"join", "verify"} else made.outputs(parsed)
    assert caught.value.reason.code == Code.WORK_FOLDER_STRAYS
