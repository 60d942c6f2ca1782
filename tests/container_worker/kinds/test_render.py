"""Carries out render items, with the real renderer and storage."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from container_worker.kind import ItemContext, carry_out
from container_worker.kinds import render
from container_worker.sandbox.child import Stopped
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput, ObjectNotFound, StorageDenied
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.result import ItemResult
from scenequeue.reasons import Reason
from scenequeue.settings import WorkerSettings
from scenequeue.storage import sha256_of
from scenequeue.storages.https import HttpsStorage
from scenequeue.storages.uri import UriStorage
from tests.support.clock import Clock
from tests.support.dripping_server import dripping_server
from tests.support.media import Media
from tests.support.prober import sound
from tests.support.waiting import wait_until

Make = Callable[..., ItemContext]


@pytest.fixture
def work_on(tmp_path: Path) -> Make:
    """Makes the work of one item; its output is out/scene.mp4 under the test's folder."""
    numbers = iter(range(100))

    def make(payload: dict[str, Any], *, slot: Callable[[], Any] = contextlib.nullcontext, **overrides: Any) -> ItemContext:
        scratch = tmp_path / f"scratch{next(numbers)}"
        scratch.mkdir()
        item = WorkItem(name="scene", payload={"output": f"file://{tmp_path}/out/scene.mp4", **payload})
        values: dict[str, Any] = {
            "lease": Lease(
                job_id=check_job_id("a"), item_id=ItemId("0-0"), token=LeaseToken("1"), attempt=2, deadline_ms=0, item=item
            ),
            "options": {"render": {"resolution": "360p"}},
            "scratch": scratch,
            "storage": UriStorage(WorkerSettings.load(file_roots=[tmp_path])),
            "limits": Limits(wall_s=60),
            "container_id": "c1",
            "slot": slot,
            "on_progress": lambda _share: None,
            "should_stop": threading.Event(),
            "note": lambda _notes: None,
        }
        return ItemContext(**{**values, **overrides})

    return make


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which an item's work is measured."""
    clock = Clock()
    monkeypatch.setattr("container_worker.kind.time", clock)
    return clock


def _is_asleep(process: psutil.Process) -> bool:
    """All its threads wait for something; none waits for a processor."""
    states = [each.read_text().rpartition(")")[2].split()[0] for each in Path(f"/proc/{process.pid}/task").glob("*/stat")]
    return set(states) == {"S"}


def _scene(media: Media) -> dict[str, Any]:
    return {"image": media.image().as_uri(), "audio": media.tone("n.mp3", 1.0).as_uri()}


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_a_scene_is_prepared_before_it_has_a_slot(work_on: Make, media: Media, tmp_path: Path, clock: Clock) -> None:
    """While it waits, its child is there and no encoder runs; the wait is not its work."""
    made_early = list[Path]()

    @contextlib.contextmanager
    def slot() -> Iterator[None]:
        child = next(each for each in _descendants() if "container_worker.media.scene" in each.cmdline())
        for _ in range(10):
            wait_until(lambda: _is_asleep(child), "it has nothing left to do")
        assert not [each for each in _descendants() if "scene.mp4" in each.cmdline()]
        made_early.extend(tmp_path.glob("scratch*/scene.mp4"))
        clock.ahead_s += 3600
        yield

    result = carry_out(render.KIND, work_on(_scene(media), slot=slot)).result
    assert made_early == []
    assert result.processing_s is not None
    assert result.processing_s < 3600


def test_what_can_never_be_made_takes_no_slot(work_on: Make, media: Media) -> None:
    """A bad picture is found while others render."""
    entered = list[int]()

    @contextlib.contextmanager
    def slot() -> Iterator[None]:
        entered.append(1)
        yield

    scene = _scene(media)
    media.image().write_text("no picture")
    with pytest.raises(BadInput):
        carry_out(render.KIND, work_on(scene, slot=slot))
    assert entered == []


def test_a_scene_is_delivered_with_its_facts_and_then_reused(work_on: Make, media: Media, tmp_path: Path) -> None:
    """The second time, the same fingerprint is found at the output, and nothing is rendered; other options render anew."""
    shares, entered = list[float](), list[int]()
    scene = {**_scene(media), "subtitles": media.srt("late.srt", [(5, 6, "late")]).as_uri()}

    @contextlib.contextmanager
    def slot() -> Iterator[None]:
        entered.append(1)
        yield

    first = carry_out(render.KIND, work_on(scene, slot=slot, on_progress=shares.append)).result
    output = tmp_path / "out" / "scene.mp4"
    assert (first.state, first.output, first.bytes) == ("done", output.as_uri(), output.stat().st_size)
    assert first.duration_s == pytest.approx(1.0, abs=1 / 25)
    assert (first.attempts, first.container) == (2, "c1")
    assert "reused" not in first.details
    assert shares
    assert shares[-1] == pytest.approx(1.0)
    again = carry_out(render.KIND, work_on(scene, slot=slot)).result
    assert len(entered) == 1
    assert again.details["reused"] is True
    for fact in ("fingerprint", "sha256"):
        assert again.details[fact] == first.details[fact]
    assert [warning.code for warning in again.warnings] == [warning.code for warning in first.warnings] == ["subtitles_outside"]
    assert (again.bytes, again.duration_s) == (first.bytes, pytest.approx(first.duration_s))
    other = carry_out(render.KIND, work_on({**scene, "options": {"fps": 24}}, slot=slot)).result
    assert "reused" not in other.details
    assert other.details["fingerprint"] != first.details["fingerprint"]


def test_a_result_lists_its_files_and_one_that_has_lost_a_file_is_made_anew(work_on: Make, media: Media, tmp_path: Path) -> None:
    """The video first, then what lies beside it, each with its size and hash; found again, they are listed in the same way."""
    scene = {
        **_scene(media), "subtitles": media.srt("said.srt", [(0.1, 0.9, "said")]).as_uri(),
        "options": {"poster": True, "webvtt": True},
    }  # fmt: skip
    first = carry_out(render.KIND, work_on(scene)).result
    files = [tmp_path / "out" / f"scene.{ending}" for ending in ("mp4", "jpg", "vtt")]
    assert [(each.role, each.media_type) for each in first.artifacts] == [
        ("video", "video/mp4"), ("poster", "image/jpeg"), ("captions", "text/vtt"),
    ]  # fmt: skip
    for artifact, file in zip(first.artifacts, files, strict=True):
        assert (artifact.address, artifact.bytes, artifact.sha256) == (file.as_uri(), file.stat().st_size, sha256_of(file))
    assert (first.output, first.bytes) == (first.artifacts[0].address, first.artifacts[0].bytes)
    again = carry_out(render.KIND, work_on(scene)).result
    assert again.details["reused"] is True
    assert again.artifacts == first.artifacts
    assert ItemResult.model_validate_json(again.wire()).artifacts == first.artifacts
    files[2].unlink()
    anew = carry_out(render.KIND, work_on(scene)).result
    assert "reused" not in anew.details
    assert anew.artifacts == first.artifacts


def test_waiting_for_a_slot_is_not_processing(work_on: Make, media: Media, clock: Clock) -> None:
    """It would falsify the rates that the planner learns."""

    @contextlib.contextmanager
    def crowded() -> Iterator[None]:
        clock.ahead_s += 3600
        yield

    result = carry_out(render.KIND, work_on(_scene(media), slot=crowded)).result
    assert result.processing_s is not None
    assert 0 < result.processing_s < 3600


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"image": "file:///x"}, "audio"),
        ({"image": "file:///x", "audio": "file:///x", "colour": "red"}, "colour"),
        ({"image": "file:///x", "audio": "file:///x", "options": {"fps": "many"}}, "fps"),
        ({"image": 7, "audio": "file:///x"}, "image"),
    ],
)
def test_a_malformed_payload_is_bad_input_that_names_the_field(work_on: Make, payload: dict[str, Any], words: str) -> None:
    """Permanent: another attempt reads the same message."""
    with pytest.raises(BadInput, match=words):
        carry_out(render.KIND, work_on(payload))


def test_a_bad_input_is_named_by_its_role(work_on: Make, media: Media, tmp_path: Path) -> None:
    """Missing, empty, and outside of the roots."""
    scene = _scene(media)
    with pytest.raises(ObjectNotFound, match=r"audio: .*lost"):
        carry_out(render.KIND, work_on({**scene, "audio": f"file://{tmp_path}/lost.mp3"}))
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(BadInput, match=r"watermark: .*0 bytes"):
        carry_out(render.KIND, work_on({**scene, "watermark": f"file://{tmp_path}/empty.jpg"}))
    (tmp_path / "empty.srt").touch()
    with_nothing_said = carry_out(render.KIND, work_on({**scene, "subtitles": f"file://{tmp_path}/empty.srt"})).result
    assert [warning.code for warning in with_nothing_said.warnings] == ["subtitles_empty"]
    with pytest.raises(StorageDenied, match="watermark"):
        carry_out(render.KIND, work_on({**scene, "watermark": "file:///etc/passwd"}))


@pytest.mark.parametrize("role", ["image", "audio", "subtitles", "watermark", "music"])
def test_an_input_of_another_form_is_named_by_its_address(work_on: Make, media: Media, tmp_path: Path, role: str) -> None:
    """Only the renderer sees that it is none of its formats, and it knows no addresses."""
    path = tmp_path / "words.txt"
    path.write_text("just words\n" * 20)
    with pytest.raises(BadInput, match=f"^{role}: {path.as_uri()} is not an? ") as caught:
        carry_out(render.KIND, work_on({**_scene(media), role: path.as_uri()}))
    assert caught.value.reason.code in {"picture_unreadable", "sound_unreadable", "subtitles_unreadable"}
    assert caught.value.reason.parameters["input"] == Reason("input_at", {"input": role, "uri": path.as_uri()})


def test_nothing_that_is_made_overwrites_an_input(work_on: Make, media: Media, tmp_path: Path) -> None:
    """Whatever the addresses end in: joined music is heard to its end, though the copy that ffmpeg can play is a W64 file too."""
    silence, tone = media.silence_then_tone("silence.wav", 1.0, 0.0), media.tone("tone.wav", 1.0)
    joined = {"audio": silence.read_bytes() * 2, "music": silence.read_bytes() + tone.read_bytes()}
    scene = {
        "image": media.image().as_uri(), "subtitles": media.srt("said.srt", [(0.1, 0.9, "said")]).as_uri(),
        "watermark": media.image("mark.png").as_uri(),
        "options": {"webvtt": True, "poster": True, "music_gain_db": 0, "ducking": False, "motion": "none"},
    }  # fmt: skip
    for role, content in joined.items():
        path = media.folder / f"{role}.w64"
        path.write_bytes(content)
        scene[role] = path.as_uri()
    work = work_on(scene)
    carry_out(render.KIND, work)
    heard = sound(tmp_path / "out" / "scene.mp4")
    assert np.abs(heard[round(1.2 * 48_000) : round(1.6 * 48_000)]).max() > 0.2
    for role, content in joined.items():
        assert (work.scratch / f"{role}.w64").read_bytes() == content


def test_an_output_outside_of_the_roots_is_refused(work_on: Make, media: Media) -> None:
    """Before anything is rendered."""
    with pytest.raises(StorageDenied):
        carry_out(render.KIND, work_on({**_scene(media), "output": "file:///etc/scene.mp4"}))


def test_an_item_told_to_stop_fetches_nothing(work_on: Make, media: Media) -> None:
    """Nor does it render or deliver."""
    work = work_on(_scene(media))
    work.should_stop.set()
    with pytest.raises(Stopped):
        carry_out(render.KIND, work)
    assert list(work.scratch.iterdir()) == []


@pytest.mark.parametrize("kind", ["handshake", "headers", "informational", "body"])
def test_an_item_stopped_while_its_input_drips_lets_go_of_its_slot(
    work_on: Make, media: Media, tmp_path: Path, kind: str
) -> None:
    """Cancelled or drained, whatever the server is at; the download's own limit is an hour away."""
    with dripping_server(tmp_path, kind) as server:
        storage = UriStorage(WorkerSettings.load(file_roots=[tmp_path]))
        transport = httpx.AsyncHTTPTransport(verify=server.trust)
        storage._https = HttpsStorage(lambda _host, _port: "127.0.0.1", transport, limit_s=3600)
        # An item is told to stop by this event; here it is the server's, set when it begins to answer.
        work = work_on({**_scene(media), "image": server.url}, storage=storage, should_stop=server.began)
        with pytest.raises(Stopped):
            carry_out(render.KIND, work)
    assert not (tmp_path / "out").exists()


def test_an_item_stopped_while_it_renders_delivers_nothing(work_on: Make, media: Media, tmp_path: Path) -> None:
    """The child is killed, no output appears."""
    stop = threading.Event()
    scene = {**_scene(media), "audio": media.tone("long.mp3", 20.0).as_uri()}
    with pytest.raises(Stopped):
        carry_out(render.KIND, work_on(scene, should_stop=stop, on_progress=lambda _share: stop.set()))
    assert not (tmp_path / "out").exists()
