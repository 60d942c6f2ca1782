"""Sources are read by spans: counted at the storage, and decoded as whole ones are."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from container_worker.files.inputs import Input, fetch
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.encode.argv import seek_us
from container_worker.media.transcode.encode.child import is_reordered
from container_worker.media.transcode.encode.coverage import without_holes
from container_worker.media.transcode.encode.formats import HEAD_BYTES, is_matroska, seek_margin_us
from scenequeue.errors import BadInput
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.transcode.plan import Segment, SegmentReport, TranscodePlan
from scenequeue.jobs.transcode.spans import merge_spans
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3
from tests.container_worker.media.transcode.probing.clips import ffmpeg
from tests.support.transcoding import Transcoding

_MIB = 1024 * 1024
#: Small frames of noise, so that they are large files.
_NOISE = "testsrc2=size=64x48:rate=25:duration={},noise=alls=60:allf=t"
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", "-threads", "1")
_SOUND = ("-f", "lavfi", "-i", "sine=duration={}")


def _clip(path: Path, seconds: float, *options: str, video: tuple[str, ...] = (*_X264, "-qp", "16")) -> Path:
    inputs = ("-f", "lavfi", "-i", _NOISE.format(seconds), *(word.format(seconds) for word in _SOUND))
    return ffmpeg(path, *inputs, *video, "-c:a", "aac", *options)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of every span that is read of any storage; whole files count, too."""
    found = list[int]()
    spans, whole = UriStorage.read_range, UriStorage.get

    def read_range(storage: UriStorage, uri: str, begin: int, end: int, **more: Any) -> None:
        found.append(end - begin)
        spans(storage, uri, begin, end, **more)

    def get(storage: UriStorage, uri: str, target: Path, **more: Any) -> object:
        stored = whole(storage, uri, target, **more)
        found.append(stored.bytes)
        return stored

    monkeypatch.setattr(UriStorage, "read_range", read_range)
    monkeypatch.setattr(UriStorage, "get", get)
    return found


def _moov_bytes(path: Path) -> int:
    content = path.read_bytes()
    at = content.rindex(b"moov") - 4
    return int.from_bytes(content[at : at + 4], "big")


def _probe(source: Path, uri: str, **options: Any) -> tuple[TranscodePlan, list[WorkItem], Transcoding]:
    made = Transcoding(source, source.parent / f"made-{source.stem}", {"renditions": [], **options})
    made.folder.mkdir()
    payload = {"source": uri, "output": f"file://{made.folder}", "stem": "film", "work": f"file://{made.work}"}
    finished = made.carry_out(WorkItem(kind="probe", name="probe", payload=payload))
    return made.plan, list(finished.brings), made


def test_an_mp4_is_read_little_more_than_once(tmp_path: Path, s3: S3, read: list[int]) -> None:
    """The probe reads its index and at most a MiB, and all segments of a minute at most 1.15 times its bytes."""
    end = _clip(tmp_path / "end.mp4", 180)
    front = ffmpeg(tmp_path / "front.mp4", "-i", end, "-c", "copy", "-movflags", "+faststart")
    for source in (end, front):
        uri = f"{s3.uri}/{source.name}"
        UriStorage(WorkerSettings()).put(source, uri)
        read.clear()
        plan, _, _ = _probe(source, uri, segment_s=60)
        assert sum(read) <= _moov_bytes(source) + _MIB < plan.source.bytes / 4
        planned = [_bytes(segment) for segment in plan.segments]
        assert len(planned) == 3
        assert all(planned)
        assert sum(planned) <= 1.15 * plan.source.bytes


def _bytes(segment: Segment) -> int:
    return sum(end - begin for begin, end in segment.ranges)


def _decoded(path: Path, segment: Segment, seek: int | None) -> bytes:
    """Return the MD5 of every frame that is encoded for a segment."""
    end = segment.tail_pts if segment.tail_frames else segment.end_pts
    bounds = f"start_pts={segment.lead_pts}" + ("" if end is None else f":end_pts={end}")
    begin = [] if seek is None else ["-seek_timestamp", "1", "-ss", f"{seek}us"]
    words = [
        str(find_ffmpeg().path), "-v", "fatal", "-threads", "1", "-copyts", "-noaccurate_seek", *begin, "-i", str(path),
        "-map", "0:v:0", "-vf", f"trim={bounds}", "-fps_mode", "passthrough", "-enc_time_base", "demux", "-f", "framemd5", "-",
    ]  # fmt: skip
    return subprocess.run(words, check=True, capture_output=True).stdout


_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-g", "40", "-x265-params", "log-level=error:crf=12:open-gop=1:pools=1")


def _with_chapters(folder: Path) -> Path:
    """Make an MP4 with titles of chapters in a track of their own."""
    chapters = "".join(f"[CHAPTER]\nTIMEBASE=1/1\nSTART={at}\nEND={at + 8}\ntitle=Part {at}\n" for at in (0, 8, 16))
    (folder / "chapters.txt").write_text(f";FFMETADATA1\n{chapters}")
    plain = _clip(folder / "plain.mp4", 24)
    return ffmpeg(folder / "a.mp4", "-i", plain, "-i", folder / "chapters.txt", "-map_metadata", "1", "-map", "0", "-c", "copy")


_VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-g", "50", "-pix_fmt", "yuv420p")
_MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-bf", "2", "-pix_fmt", "yuv420p")
#: MPEG-TS has 33 bits for a time of 90 kHz.
_LATE = ("-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", f"{2**33 / 90_000 - 9:.6f}")
_KINDS: dict[str, Callable[[Path], Path]] = {
    "front": lambda folder: _clip(folder / "a.mp4", 24, "-movflags", "+faststart"),
    "end": lambda folder: _clip(folder / "a.mov", 24),
    "late": lambda folder: _clip(folder / "a.mp4", 24, "-output_ts_offset", "1.5"),
    "h265": lambda folder: _clip(folder / "a.mp4", 24, "-tag:v", "hvc1", video=_X265),
    "chapters": _with_chapters,
    "mkv": lambda folder: _clip(folder / "a.mkv", 24),
    "webm": lambda folder: _clip(folder / "a.webm", 24, "-s", "160x96", "-c:a", "libopus", video=_VP9),
    "cues-in-front": lambda folder: _clip(folder / "a.mkv", 24, "-reserve_index_space", "5000", "-output_ts_offset", "5.24"),
    "ts": lambda folder: _clip(folder / "a.ts", 24),
    "wrap": lambda folder: _clip(folder / "a.ts", 24, *_LATE),
    "mpeg2": lambda folder: _clip(folder / "a.m2ts", 24, video=_MPEG2),
}


def test_a_picture_far_behind_the_beginning_is_found(tmp_path: Path, read: list[int]) -> None:
    """The probe asks for its first packets, which alone tell the format; here more than a MiB of sound stands before them."""
    sound = ("-f", "lavfi", "-i", "sine=sample_rate=192000:duration=8")
    inputs = (*sound, "-itsoffset", "4", "-f", "lavfi", "-i", _NOISE.format(16))
    source = ffmpeg(tmp_path / "a.mov", *inputs, "-map", "1", "-map", "0", *_X264, "-qp", "16", "-c:a", "pcm_s16le")
    plan, _, _ = _probe(source, source.as_uri(), segment_s=4)
    assert plan.picture.pix_fmt == "yuv420p"
    assert sum(read) < 0.6 * plan.source.bytes


def _sparse(plan: TranscodePlan, segment: Segment, folder: Path) -> Path:
    source = plan.source
    wanted = Input("source", source.uri, f"{segment.number}.mp4", version=source.version, ranges=segment.ranges)
    storage = UriStorage(WorkerSettings.load(file_roots=[folder]))
    return fetch([wanted], storage, folder, lambda: None)["source"].path


def _seek(plan: TranscodePlan, path: Path, segment: Segment) -> int | None:
    head = path.read_bytes()[:HEAD_BYTES]
    is_late = is_matroska(head) and is_reordered(path)
    return seek_us(plan.picture, segment, seek_margin_us(head, is_reordered=is_late))


@pytest.mark.parametrize("kind", list(_KINDS))
def test_a_file_with_holes_decodes_like_the_whole(kind: str, tmp_path: Path) -> None:
    """Frame by frame, at its beginning, in the middle and at its end; titles of chapters are read, too."""
    source = _KINDS[kind](tmp_path)
    plan, _, _ = _probe(source, source.as_uri(), segment_s=4)
    assert len(plan.segments) == 6
    for segment in (plan.segments[0], plan.segments[3], plan.segments[-1]):
        assert 0 < _bytes(segment) < 0.75 * plan.source.bytes
        path, changed = without_holes(_sparse(plan, segment, tmp_path), plan.picture, segment, plan.source.bytes)
        decoded = _decoded(path, changed, _seek(plan, path, changed))
        assert decoded == _decoded(source, segment, _seek(plan, source, segment))
        assert decoded.count(b"\n0,") == segment.lead_frames + segment.frames + segment.tail_frames
    if kind == "chapters":
        assert [chapter.title for chapter in plan.chapters] == ["Part 0", "Part 8", "Part 16"]


def _broken(plan: TranscodePlan, segment: Segment) -> Iterator[Segment]:
    """Yield the segment without a part of its longest span, at its beginning, at its end and in its middle; and without it."""
    begin, end = max(segment.ranges, key=lambda span: span[1] - span[0])
    others = [span for span in segment.ranges if span != (begin, end)]
    middle = (begin + end) // 2
    for parts in ([(begin + 300_000, end)], [(begin, end - 300_000)], [(begin, middle), (middle + 300, end)], []):
        yield segment.model_copy(update={"ranges": merge_spans([*others, *parts], plan.source.bytes, 1)})


@pytest.mark.parametrize("kind", ["front", "mkv", "ts"])
def test_a_plan_that_does_not_name_all_spans_is_refused(kind: str, tmp_path: Path) -> None:
    """Zeros may decode to pictures, and what is left out may not be missed."""
    source = _KINDS[kind](tmp_path)
    plan, _, _ = _probe(source, source.as_uri(), segment_s=4)
    for broken in _broken(plan, plan.segments[3]):
        with pytest.raises(BadInput, match="segment 3 could not be encoded from the parts"):
            without_holes(_sparse(plan, broken, tmp_path), plan.picture, broken, plan.source.bytes)


def test_an_item_reads_its_spans_or_if_these_do_not_suffice_the_whole(tmp_path: Path, read: list[int]) -> None:
    """Its files are the same."""
    source = _clip(tmp_path / "a.mp4", 24, "-movflags", "+faststart")
    plan, items, made = _probe(source, source.as_uri(), segment_s=4)
    segment = plan.segments[3]
    item = next(item for item in items if item.name == "segment 3")
    read.clear()
    expected = made.carry_out(item).result
    assert sum(read) == _bytes(segment)
    assert expected.details["warnings"] == []
    report = (made.work / "segments/00003.json").read_bytes()
    for path in (made.work / "segments").iterdir():
        path.unlink()
    payload = {**item.payload, "segment": {**item.payload["segment"], "ranges": [plan.segments[0].ranges[0]]}}
    result = made.carry_out(item.model_copy(update={"payload": payload})).result
    assert [warning["code"] for warning in result.details["warnings"]] == ["segment_outside_spans"]
    assert _tables(report) == _tables((made.work / "segments/00003.json").read_bytes())


def _tables(report: bytes) -> object:
    return SegmentReport.model_validate_json(report).model_dump(exclude={"cpu_s"})
