"""Verify items: joined files are published if every check holds, and none of them if one does not."""

import contextlib
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from container_worker.kind import Finished, ItemContext, carry_out
from container_worker.kinds import load_kinds
from container_worker.media.child_process import ChildContext
from container_worker.media.transcode.file_names import SEGMENT_REPORT_FILE, TRACK_REPORT_FILE
from container_worker.media.transcode.verify import worker
from container_worker.media.transcode.verify.child import make
from container_worker.media.transcode.verify.file_names import JOINED_FILE, REPORT_FILE
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.transcode.verification import TranscodeReport
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
from tests.container_worker.media.transcode.verify.joining import Encoded, Mistakes, encode, rendition

Verify = Callable[[], Finished]


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """A source in three segments and two sizes."""
    return encode(tmp_path_factory.mktemp("encoded") / "a", rendition(), rendition("tiny", (64, 40)))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of the outputs."""
    return tmp_path / "out"


@pytest.fixture
def work(out: Path) -> Path:
    """The job's working folder of the source."""
    return out / ".sceneburst" / "job1" / "0"


@pytest.fixture
def verify(tmp_path: Path, work: Path) -> Verify:
    """Carries out the item on what is in the working folder."""

    def run() -> Finished:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        item = WorkItem(kind="verify", name="verify", payload={"work": work.as_uri()})
        lease = Lease(
            job_id=check_job_id("job1"), item_id=ItemId("3-0"), token=LeaseToken("1"), attempt=1, deadline_ms=0, item=item
        )
        context = ItemContext(
            lease=lease, options={}, scratch=scratch, storage=UriStorage(WorkerSettings.load(file_roots=[tmp_path])),
            limits=Limits(wall_s=60), container_id="c1", slot=contextlib.nullcontext, on_progress=lambda _share: None,
            should_stop=threading.Event(), note=lambda _notes: None,
        )  # fmt: skip
        return carry_out(load_kinds()["verify"], context)

    return run


def _store(encoded: Encoded, tmp_path: Path, work: Path, mistakes: Mistakes | None = None) -> None:
    """Fill the working folder as the stages before do."""
    files = encoded.folder_with(tmp_path / "files", mistakes=mistakes)
    for name in ("segments", "tracks", "joined"):
        (work / name).mkdir(parents=True)
    output = work.parents[2].as_uri()
    plan = encoded.plan.model_copy(
        update={
            "renditions": [
                each.model_copy(update={"output": f"{output}/clip-{each.name}.mp4"}) for each in encoded.plan.renditions
            ]
        }
    )
    (work / "plan.json").write_text(plan.model_dump_json())
    for segment in plan.segments:
        shutil.copy(files / SEGMENT_REPORT_FILE.format(segment.number), work / "segments" / f"{segment.number:05d}.json")
    shutil.copy(files / TRACK_REPORT_FILE.format(1), work / "tracks" / "1.json")
    for number, each in enumerate(plan.renditions):
        shutil.copy(files / JOINED_FILE.format(number), work / "joined" / f"{each.name}.mp4")


def test_verified_files_are_published_with_a_report(
    encoded: Encoded, verify: Verify, tmp_path: Path, work: Path, out: Path
) -> None:
    """The first rendition is the main output; the result says what was made and checked, as the report does."""
    _store(encoded, tmp_path, work)
    finished = verify()
    result = finished.result
    assert sorted(path.name for path in out.iterdir() if path.is_file()) == [
        "clip-report.json", "clip-small.mp4", "clip-tiny.mp4",
    ]  # fmt: skip
    for name in ("small", "tiny"):
        assert (out / f"clip-{name}.mp4").read_bytes() == (work / "joined" / f"{name}.mp4").read_bytes()
    assert result.output == (out / "clip-small.mp4").as_uri()
    assert [(each.role, each.media_type) for each in result.artifacts] == [
        ("video", "video/mp4"), ("video", "video/mp4"), ("report", "application/json"),
    ]  # fmt: skip
    told = TranscodeReport.model_validate({name: result.details[name] for name in TranscodeReport.model_fields})
    assert TranscodeReport.model_validate_json((out / "clip-report.json").read_text()) == told
    assert [(each.name, each.output) for each in told.renditions] == [
        (name, (out / f"clip-{name}.mp4").as_uri()) for name in ("small", "tiny")
    ]
    assert (told.segments, told.is_divided, told.source.frames, told.source.duration_s) == (3, True, 100, 4.0)
    assert told.cpu_s.keys() == {"encode", "audio", "verify"}
    assert all(check.ok for check in told.checks)
    assert result.duration_s == 4.0
    # Only after the queue has accepted the result.
    assert work.exists()
    assert finished.clean_up is not None
    finished.clean_up()
    assert not (out / ".sceneburst").exists()


def test_nothing_is_published_if_a_check_fails(encoded: Encoded, verify: Verify, tmp_path: Path, work: Path, out: Path) -> None:
    """The error is permanent and names what failed; the working folder stays, with the whole report."""
    _store(encoded, tmp_path, work, Mistakes(lambda frames: [each for each in frames if each.segment != 1]))
    before = list(work.rglob("*"))
    with pytest.raises(BadInput) as caught:
        verify()
    assert not caught.value.transient
    assert caught.value.reason.code == "verification_failed"
    checks = str(caught.value.reason.parameters["checks"])
    assert "frames" in checks
    assert "packets" in checks
    assert "small: the joined file has 65 frames; 100 were encoded, and 100 were planned" in str(caught.value)
    assert [path.name for path in out.iterdir()] == [".sceneburst"]
    assert set(work.rglob("*")) == {*before, work / "report.json"}
    report = TranscodeReport.model_validate_json((work / "report.json").read_text())
    assert {check.name for check in report.checks if not check.ok} == set(checks.split(", "))


def test_a_plan_cannot_name_a_file_elsewhere(encoded: Encoded, verify: Verify, tmp_path: Path, work: Path, out: Path) -> None:
    """Whoever has changed it: outputs are directly under the job's output."""
    _store(encoded, tmp_path, work)
    plan = json.loads((work / "plan.json").read_text())
    plan["renditions"][1]["output"] = (tmp_path / "elsewhere" / "clip-tiny.mp4").as_uri()
    (work / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(BadInput) as caught:
        verify()
    assert caught.value.reason.code == "plan_strays"
    assert not (tmp_path / "elsewhere").exists()


def test_a_report_of_another_encoder_is_refused(encoded: Encoded, verify: Verify, tmp_path: Path, work: Path, out: Path) -> None:
    """Segments of several builds of ffmpeg are not mixed."""
    _store(encoded, tmp_path, work)
    path = work / "segments" / "00001.json"
    path.write_text(path.read_text().replace(encoded.plan.encoder, "1.0"))
    with pytest.raises(BadInput) as caught:
        verify()
    assert caught.value.reason.code == "report_unusable"
    assert caught.value.reason.parameters["file"] == "segment-00001.json"


def _taken_over(monkeypatch: pytest.MonkeyPatch, then: Callable[[Path], None]) -> None:
    """Let the child do something once it has ended its work."""

    def run(_module: str, request: dict[str, str], context: ChildContext, _ffmpeg: Path) -> None:
        make({"folder": request["folder"]})
        then(context.scratch)

    monkeypatch.setattr(worker, "run_in_slot", run)


def _without_a_check(scratch: Path) -> None:
    report = json.loads((scratch / REPORT_FILE).read_text())
    report["checks"] = [check for check in report["checks"] if check["name"] != "packets"]
    (scratch / REPORT_FILE).write_text(json.dumps(report))


def _with_another_address(scratch: Path) -> None:
    report = json.loads((scratch / REPORT_FILE).read_text())
    report["renditions"][0]["output"] = "file:///elsewhere.mp4"
    (scratch / REPORT_FILE).write_text(json.dumps(report))


def _too_much(scratch: Path) -> None:
    report = json.loads((scratch / REPORT_FILE).read_text())
    report["checks"] += [{**report["checks"][0], "detail": {"code": "a", "parameters": {"a": "x" * 500}}}] * 150
    (scratch / REPORT_FILE).write_text(json.dumps(report))


def _other_file(scratch: Path) -> None:
    (scratch / JOINED_FILE.format(1)).write_bytes(b"something else")


def _no_file(scratch: Path) -> None:
    (scratch / JOINED_FILE.format(1)).unlink()


def _link(scratch: Path) -> None:
    (scratch / REPORT_FILE).unlink()
    (scratch / REPORT_FILE).symlink_to("/etc/hostname")


@pytest.mark.parametrize("then", [_without_a_check, _with_another_address, _too_much, _other_file, _no_file, _link])
def test_nothing_that_the_child_may_leave_there_is_published(
    encoded: Encoded, verify: Verify, tmp_path: Path, work: Path, out: Path, then: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A report without a check or with another address, files that are not those that were fetched."""
    _store(encoded, tmp_path, work)
    _taken_over(monkeypatch, then)
    with pytest.raises(ToolFailed):
        verify()
    assert [path.name for path in out.iterdir()] == [".sceneburst"]


def test_notes_are_left_out_before_a_result_becomes_too_large(
    encoded: Encoded, verify: Verify, tmp_path: Path, work: Path, out: Path
) -> None:
    """Half of them, until it fits; the report file has them all."""
    _store(encoded, tmp_path, work)
    plan = json.loads((work / "plan.json").read_text())
    plan["notes"] = [{"code": "data_left_out", "parameters": {"stream": number, "codec": "x" * 90}} for number in range(1000)]
    (work / "plan.json").write_text(json.dumps(plan))
    details = verify().result.details
    assert 100 < len(details["notes"]) < 1000
    assert len(json.loads((out / "clip-report.json").read_text())["notes"]) == 1000
