"""Joins of real segments and tracks: every frame and every packet of sound stands where it stood in the source."""

import json
from fractions import Fraction
from pathlib import Path

import av
import pytest

from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import PacketTable, SegmentReport, TrackReport
from tests.container_worker.media.transcode.encode.clips import X264, numbered, numbers_shown, rendition
from tests.container_worker.media.transcode.joining.joins import Joined, finish, join, packets_of, track, with_sound

#: Largest error of a time in Matroska, in seconds: half of its tick.
_HALF_A_TICK_S = 0.0005


def _time_errors_s(joined: Joined) -> float:
    """The largest distance of a frame from its time in the source."""
    tick = Fraction(*joined.plan.picture.time_base)
    expected = [float((pts - joined.plan.origin_pts) * tick) for pts in joined.source.pts]
    found = sorted(at for at, _ in packets_of(joined.path, 0))
    assert len(found) == len(expected)
    return max(abs(one - other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_frames_and_copied_sound_keep_their_times(tmp_path: Path, name: str, container: str) -> None:
    """No frame is lost, doubled or moved, whichever container the source is in, and the sound's packets are the source's."""
    clip = with_sound(tmp_path, name)
    joined = join(clip, tmp_path / "join", container, (track(1, "aac", "copy"),))
    assert numbers_shown(joined.path) == joined.source.numbers()
    allowed_s = _HALF_A_TICK_S if container == "mkv" else 1e-9
    assert _time_errors_s(joined) <= allowed_s
    ours, theirs = packets_of(joined.path, 1), packets_of(clip, 1)
    if not name.endswith(".ts"):
        # MPEG-TS has a header before each packet.
        assert [data for _, data in ours] == [data for _, data in theirs]
    assert max(abs(one - other) for (one, _), (other, _) in zip(ours, theirs, strict=True)) <= 0.001


@pytest.mark.parametrize("rate", ["30000/1001", "24000/1001", "50"])
def test_every_rate_is_exact_in_mp4(tmp_path: Path, rate: str) -> None:
    """The file counts in the source's ticks."""
    joined = join(numbered(tmp_path / "a.mp4", 70, rate=rate), tmp_path / "join")
    assert numbers_shown(joined.path) == joined.source.numbers()
    assert _time_errors_s(joined) < 1e-9


@pytest.mark.parametrize(
    ("container", "action"), [("webm", "opus"), ("flv", "copy"), ("mp4", "aac"), ("mp4", "opus"), ("mkv", "aac")]
)
def test_other_containers_and_converted_sound(tmp_path: Path, container: str, action: str) -> None:
    """Sound begins where the source's begins, relative to the picture: converted sound with its encoder's run-up."""
    joined = join(with_sound(tmp_path, "a.mp4"), tmp_path / "join", container, (track(1, "aac", action),))
    assert numbers_shown(joined.path) == joined.source.numbers()
    with av.open(str(joined.path)) as opened:
        first = next(iter(opened.decode(audio=0)))
        begin_s = float(first.pts * first.time_base)
        decoded = sum(frame.samples for frame in opened.decode(audio=0)) / first.sample_rate
    # FLV has no negative times, and shifts everything.
    picture_s = min(at for at, _ in packets_of(joined.path, 0))
    assert abs(begin_s - picture_s) <= (0.022 if container == "flv" else 0.001)
    assert decoded == pytest.approx(2.8, abs=0.08)


def test_frames_of_various_lengths_keep_their_times(tmp_path: Path) -> None:
    """Also the last one, which is shown for 2 s; it is in the length of the track, though another is decoded last."""
    times = "setpts='(N*3600+mod(N,3)*411+N*N/9)/90000/TB'"
    clip = numbered(tmp_path / "a.mp4", 71, "-fps_mode", "passthrough", "-enc_time_base", "1/90000", *X264, filters=times)
    joined = join(clip, tmp_path / "join")
    assert numbers_shown(joined.path) == joined.source.numbers()
    assert _time_errors_s(joined) < 1e-9
    plan = joined.plan.model_copy(update={"last_duration": 180_000})
    (joined.folder / "plan.json").write_text(plan.model_dump_json())
    finish(joined)
    with av.open(str(joined.path)) as opened:
        stream = opened.streams.video[0]
        assert stream.time_base == Fraction(1, 90_000)
        assert stream.duration == joined.source.pts[-1] + 180_000 - joined.source.pts[0]


def test_times_before_zero_are_shifted_for_all_tracks_alike(tmp_path: Path) -> None:
    """The first frame is at 0, and the sound is as far from it as it was in the source."""
    joined = join(with_sound(tmp_path, "a.mp4"), tmp_path / "join", tracks=(track(1, "aac", "copy"),))
    before = [packets_of(joined.path, index) for index in (0, 1)]
    folder, plan = joined.folder, joined.plan
    # Half a second, in the ticks of the picture and of the sound.
    ticks, samples = plan.picture.time_base[1] // 2, 24_000
    for segment in plan.segments:
        path = folder / f"segment-{segment.number:05d}.json"
        report = SegmentReport.model_validate_json(path.read_text())
        tables = {name: _earlier(table, ticks) for name, table in report.tables.items()}
        path.write_text(report.model_copy(update={"tables": tables}).model_dump_json())
    sound = TrackReport.model_validate_json((folder / "track-1.json").read_text())
    moved = sound.model_copy(update={"table": _earlier(sound.table, samples)})
    (folder / "track-1.json").write_text(moved.model_dump_json())
    times = {"frame_pts": [pts - ticks for pts in plan.frame_pts], "origin_pts": -ticks}
    (folder / "plan.json").write_text(plan.model_copy(update=times).model_dump_json())
    finish(joined)
    assert [packets_of(joined.path, index) for index in (0, 1)] == before


def _earlier(table: PacketTable, ticks: int) -> PacketTable:
    rows = [row._replace(pts=row.pts - ticks, dts=None if row.dts is None else row.dts - ticks) for row in table.packets]
    return table.model_copy(update={"packets": rows})


@pytest.mark.parametrize("codec", ["h264", "h265", "av1"])
def test_the_shape_of_pixels_and_the_rate_are_in_the_file(tmp_path: Path, codec: str) -> None:
    """Of AV1 too, which has no shape of its own; HEVC has the tag that all players know."""
    clip = numbered(tmp_path / "a.mp4", 40, *X264, filters="setsar=4/3")
    joined = join(clip, tmp_path / "join", cuts=(20,), made=rendition(codec=codec), pixel_aspect=(4, 3))
    with av.open(str(joined.path)) as opened:
        stream = opened.streams.video[0]
        assert (stream.sample_aspect_ratio, stream.average_rate) == (Fraction(4, 3), 25)
        assert stream.codec_context.codec_tag == {"h264": "avc1", "h265": "hvc1", "av1": "av01"}[codec]


def test_a_copied_picture_keeps_its_packets_and_its_rotation(tmp_path: Path) -> None:
    """Pixels that are not decoded cannot be turned, so the file says how they are shown."""
    clip = numbered(tmp_path / "a.mp4", 70)
    copied = rendition(codec="copy", size=(160, 96))
    joined = join(clip, tmp_path / "join", cuts=(25, 50), made=copied, rotation=90)
    assert packets_of(joined.path, 0) == packets_of(clip, 0)
    with av.open(str(joined.path)) as opened:
        assert next(opened.decode(video=0)).rotation == -90


def test_descriptions_survive(tmp_path: Path) -> None:
    """Tags, chapters, languages, titles and dispositions are those of the plan."""
    sound = track(1, "aac", "copy", language="deu", title="Kommentar", dispositions=["comment"])
    joined = join(with_sound(tmp_path, "a.mp4"), tmp_path / "join", "mkv", (sound,))
    with av.open(str(joined.path)) as opened:
        stream = opened.streams.audio[0]
        assert opened.metadata["title"] == "Ein Titel"
        assert [each["metadata"]["title"] for each in opened.chapters()] == ["one", "two"]
        assert (stream.metadata["language"], stream.metadata["title"]) == ("deu", "Kommentar")
        assert stream.disposition == av.stream.Disposition.comment


def test_a_segment_of_another_plan_is_refused(tmp_path: Path) -> None:
    """Files are never joined that do not hold the plan's frames."""
    joined = join(numbered(tmp_path / "a.mp4", 70), tmp_path / "join")
    (joined.folder / "segment-00001.json").write_bytes((joined.folder / "segment-00000.json").read_bytes())
    with pytest.raises(BadInput, match=r"segment 1 has other frames than the plan, .* \(0 frames, 32 planned\)"):
        finish(joined)


def test_a_damaged_segment_is_refused(tmp_path: Path) -> None:
    """A packet that is not the reported one is found, though its time is right."""
    joined = join(numbered(tmp_path / "a.mp4", 70), tmp_path / "join")
    path = joined.folder / "segment-00001.nut"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"in segment 1, is not the one that was encoded|segment 1 has"):
        finish(joined)


def test_a_track_with_other_packets_is_refused(tmp_path: Path) -> None:
    """One too many, or one too few."""
    joined = join(with_sound(tmp_path, "a.mp4"), tmp_path / "join", tracks=(track(1, "aac", "copy"),))
    path = joined.folder / "track-1.json"
    report = TrackReport.model_validate_json(path.read_text())
    rows = report.table.packets
    for other in (rows[:-1], [*rows, rows[-1]]):
        table = report.table.model_copy(update={"packets": other})
        path.write_text(report.model_copy(update={"table": table}).model_dump_json())
        with pytest.raises(BadInput, match="a packet of track 1 is not the one that was made"):
            finish(joined)


@pytest.mark.parametrize("name", ["segment-00001.json", "track-1.json"])
def test_a_report_without_sense_is_refused(name: str, tmp_path: Path) -> None:
    """It is named."""
    joined = join(with_sound(tmp_path, "a.mp4"), tmp_path / "join", tracks=(track(1, "aac", "copy"),))
    (joined.folder / name).write_text('{"v": 2}')
    with pytest.raises(BadInput, match=name):
        finish(joined)


@pytest.mark.parametrize(
    ("place", "number"),
    [
        (("table", "time_base", 1), 0), (("table", "time_base", 0), 0), (("table", "time_base", 0), 10**30),
        (("skip_start",), 2**63),
        (("table", "packets", 0, 0), -(2**70)), (("table", "packets", 0, 2), 2**63),
    ],
)  # fmt: skip
def test_a_report_whose_numbers_no_file_can_have_is_refused(place: tuple[str | int, ...], number: int, tmp_path: Path) -> None:
    """Zero in a time base, and times of more than 64 bits: no further attempt is made."""
    joined = join(with_sound(tmp_path, "a.mp4"), tmp_path / "join", tracks=(track(1, "aac", "copy"),))
    path = joined.folder / "track-1.json"
    report = json.loads(path.read_text())
    inner = report
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = number
    path.write_text(json.dumps(report))
    with pytest.raises(BadInput, match=r"track-1\.json"):
        finish(joined)


def test_segments_of_different_encoders_are_refused(tmp_path: Path) -> None:
    """One file has one header for all segments."""
    joined = join(numbered(tmp_path / "a.mp4", 70), tmp_path / "join")
    path = joined.folder / "segment-00002.json"
    report = SegmentReport.model_validate_json(path.read_text())
    name, table = next(iter(report.tables.items()))
    path.write_text(report.model_copy(update={"tables": {name: table.model_copy(update={"headers": "0"})}}).model_dump_json())
    with pytest.raises(BadInput, match="have different headers"):
        finish(joined)
