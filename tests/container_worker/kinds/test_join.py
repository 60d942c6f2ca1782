"""Items of the kinds `audio` and `join`, carried out as a worker does: the children are confined, their files are checked."""

import contextlib
import threading
from pathlib import Path
from typing import Any

import av
import pytest

from container_worker.kind import Finished, ItemContext, carry_out
from container_worker.kinds import load_kinds
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.jobs.transcode.source import SourceFile, Track
from scenequeue.settings import WorkerSettings
from scenequeue.storage import sha256_of
from scenequeue.storages.uri import UriStorage
from tests.container_worker.media.transcode.encode.clips import describe, numbers_shown, rendition
from tests.container_worker.media.transcode.joining.joins import track, with_sound


class _Job:
    """Items of one job, carried out one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.work = folder, f"file://{folder}/out/.sceneburst/a/0"
        self._attempts = iter(range(1, 100))

    def carry_out(self, kind: str, name: str, payload: dict[str, Any]) -> Finished:
        scratch = self.folder / f"scratch{next(self._attempts)}"
        scratch.mkdir()
        item = WorkItem(kind=kind, name=name, weight=2.8, payload={"work": self.work, **payload})
        lease = Lease(job_id=check_job_id("a"), item_id=ItemId("1-0"), token=LeaseToken("1"), attempt=1, deadline_ms=0, item=item)
        context = ItemContext(
            lease=lease, options={}, scratch=scratch, storage=UriStorage(WorkerSettings.load(file_roots=[self.folder])),
            limits=Limits(wall_s=60), container_id="c1", slot=contextlib.nullcontext, on_progress=lambda _share: None,
            should_stop=threading.Event(), note=lambda _notes: None,
        )  # fmt: skip
        return carry_out(load_kinds()[kind], context)


def _prepared(tmp_path: Path, each: Track) -> tuple[_Job, SourceFile]:
    """Encode the segments of a clip with sound, and store its plan."""
    clip = with_sound(tmp_path, "a.mp4")
    source, job, made = describe(clip), _Job(tmp_path), rendition("360p")
    file = SourceFile(uri=f"file://{clip}", bytes=clip.stat().st_size, version=sha256_of(clip))
    segments = source.segments([25, 57])
    for segment in segments:
        job.carry_out("encode", "segment", source.payload(segment, made, work=job.work).model_dump(mode="json"))
    plan = TranscodePlan(
        source=file, picture=source.picture, container="mp4", renditions=[made], segments=segments, tracks=[each],
        frame_pts=list(source.pts), last_duration=source.pts[-1] - source.pts[-2], encoder=find_ffmpeg().version,
    )  # fmt: skip
    (tmp_path / "out/.sceneburst/a/0/plan.json").write_text(plan.model_dump_json())
    return job, file


@pytest.mark.parametrize("action", ["copy", "opus"])
def test_a_rendition_is_joined_with_its_tracks(tmp_path: Path, action: str) -> None:
    """All frames are there; a second attempt of the track finds the first one's."""
    job, file = _prepared(tmp_path, track(1, "aac", action))
    sound = {"source": file.model_dump(), "track": track(1, "aac", action).model_dump()}
    made = job.carry_out("audio", "track 1", sound).result
    assert made.output == f"{job.work}/tracks/1.json"
    assert [artifact.role for artifact in made.artifacts] == ["report", "segment"]
    assert made.details["cpu_s"] > 0
    assert job.carry_out("audio", "track 1", sound).result.details["reused"] is True
    joined = job.carry_out("join", "join 360p", {"rendition": "360p"})
    path = tmp_path / "out/.sceneburst/a/0/joined/360p.mp4"
    assert joined.result.output == f"file://{path}"
    assert numbers_shown(path) == list(range(70))
    assert joined.result.duration_s == pytest.approx(2.8)
    with av.open(str(path)) as opened:
        assert opened.streams.audio[0].codec_context.name == {"copy": "aac"}.get(action, action)
    assert joined.brings == ()
    again = job.carry_out("join", "join 360p", {"rendition": "360p"})
    assert again.result.details["reused"] is True


def test_a_plan_without_sense_is_refused(tmp_path: Path) -> None:
    """It is named, and no further attempt is made."""
    (tmp_path / "out/.sceneburst/a/0").mkdir(parents=True)
    (tmp_path / "out/.sceneburst/a/0/plan.json").write_text('{"v": 2}')
    with pytest.raises(BadInput, match=r"plan\.json"):
        _Job(tmp_path).carry_out("join", "join 360p", {"rendition": "360p"})


def test_the_first_join_brings_the_verify_in_every_attempt(tmp_path: Path) -> None:
    """An attempt whose end was not reported is followed by one that finds its file; the verify is brought again."""
    job, file = _prepared(tmp_path, track(1, "aac", "copy"))
    job.carry_out("audio", "track 1", {"source": file.model_dump(), "track": track(1, "aac", "copy").model_dump()})
    for is_reused in (False, True):
        finished = job.carry_out("join", "join 360p", {"rendition": "360p", "brings_verify": True})
        assert finished.result.details.get("reused", False) is is_reused
        assert [(item.kind, item.name, item.weight, item.payload) for item in finished.brings] == [
            ("verify", "verify", 2.8, {"work": job.work})
        ]
