"""Posters and sprite sheets of real videos, as they are published, and as they are checked."""

from pathlib import Path

import pytest
from PIL import Image

from container_worker.media.transcode.stills.file_names import POSTER_FILE, SHEET_FILE, SPRITES_FILE
from container_worker.media.transcode.verify.stills.checks import check_poster, check_sprites
from scenequeue.jobs.transcode.verification import Check, TranscodeReport
from tests.container_worker.media.transcode.encode.clips import SIZE, ffmpeg, number_in, numbered
from tests.support.transcoding import Transcoding

_NAMES = (POSTER_FILE, SHEET_FILE, SPRITES_FILE)


def _made(source: Path, folder: Path, **options: object) -> Transcoding:
    transcoding = Transcoding(source, folder, {"poster": True, "sprites": True, **options})
    transcoding.run()
    return transcoding


def _report(made: Transcoding) -> TranscodeReport:
    return TranscodeReport.model_validate_json((made.folder / "film-report.json").read_text())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Transcoding:
    """Three seconds of numbered frames, in three segments."""
    folder = tmp_path_factory.mktemp("stills")
    return _made(numbered(folder / "clip.mp4", 75), folder / "out", segment_s=1)


def _signatures(made: Transcoding) -> dict[int, bytes]:
    from container_worker.media.transcode.signatures import unpack
    from scenequeue.jobs.transcode.plan import SegmentReport

    found: dict[int, bytes] = {}
    for segment in made.plan.segments:
        path = made.work / "segments" / f"{segment.number:05d}.json"
        report = SegmentReport.model_validate_json(path.read_text())
        for at, each in enumerate(unpack(report.signatures, segment.frames)):
            found[segment.first_frame + at] = each
    return found


def test_each_cue_names_the_picture_of_its_time(made: Transcoding) -> None:
    """The number in each part of the sheet is that of the frame at the begin of the cue; together they cover the video."""
    assert len(made.plan.segments) == 3
    size = "160,96"
    assert (made.folder / "film-sprites.vtt").read_text() == (
        f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nfilm-sprites.jpg#xywh=0,0,{size}\n\n"
        f"00:00:01.000 --> 00:00:02.000\nfilm-sprites.jpg#xywh=160,0,{size}\n\n"
        f"00:00:02.000 --> 00:00:03.000\nfilm-sprites.jpg#xywh=320,0,{size}\n"
    )
    import numpy as np

    with Image.open(made.folder / "film-sprites.jpg") as sheet:
        assert sheet.size == (480, 96)
        parts = [sheet.crop((x, 0, x + 160, 96)).convert("L") for x in (0, 160, 320)]
        assert [number_in(np.asarray(part)) for part in parts] == [0, 25, 50]


def test_the_poster_is_a_whole_frame_of_the_largest_rendition(made: Transcoding) -> None:
    """The report tells which one."""
    import numpy as np

    poster = _report(made).poster
    assert poster is not None
    with Image.open(made.folder / "film-poster.jpg") as picture:
        assert picture.size == SIZE == (poster.width, poster.height)
        assert number_in(np.asarray(picture.convert("L"))) == poster.frame
    assert poster.time_s == pytest.approx(poster.frame / 25)


def test_they_are_delivered_and_told(made: Transcoding) -> None:
    """With roles of their own, and a check each."""
    artifacts = made.finished[-1][1].result.artifacts
    output = f"file://{made.folder}/film-"
    assert [(each.role, each.address) for each in artifacts if each.role in {"poster", "sprites"}] == [
        ("poster", f"{output}{POSTER_FILE}"), ("sprites", f"{output}{SHEET_FILE}"), ("sprites", f"{output}{SPRITES_FILE}"),
    ]  # fmt: skip
    report = _report(made)
    assert report.sprites is not None
    assert (report.sprites.pictures, report.sprites.output) == (3, f"{output}{SPRITES_FILE}")
    assert [(each.name, each.ok) for each in report.checks if each.name in {"poster", "sprites"}] == [
        ("poster", True), ("sprites", True),
    ]  # fmt: skip


def test_a_whole_film_gives_the_same_files(made: Transcoding, tmp_path: Path) -> None:
    """Byte by byte, however it is divided."""
    whole = _made(made.source, tmp_path / "out", segment_s=600)
    assert len(whole.plan.segments) == 1
    for name in _NAMES:
        assert (whole.folder / f"film-{name}").read_bytes() == (made.folder / f"film-{name}").read_bytes()


def _checks(made: Transcoding, folder: Path) -> list[Check]:
    report, signatures = _report(made), _signatures(made)
    assert report.poster is not None
    return [
        check_poster(made.plan, folder / POSTER_FILE, signatures[report.poster.frame]),
        check_sprites(
            made.plan, folder, "film-sprites.jpg", [0, 1000, 2000, 3000], [signatures[frame] for frame in (0, 25, 50)]
        ),
    ]  # fmt: skip


def _copied(made: Transcoding, folder: Path) -> None:
    for name in _NAMES:
        (folder / name).write_bytes((made.folder / f"film-{name}").read_bytes())


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("01.000", "01.040", "sprites_times_differ"),
        ("\n\n00:00:02.000 --> 00:00:03.000\nfilm-sprites.jpg#xywh=320,0,160,96", "", "sprites_times_differ"),
        ("xywh=160,0", "xywh=320,0", "sprite_foreign"),
        ("xywh=320,0", "xywh=330,0", "sprite_misplaced"),
        ("film-sprites.jpg", "other.jpg", "sprite_misplaced"),
    ],
)
def test_cues_that_name_the_wrong_picture_or_time_are_found(
    made: Transcoding, tmp_path: Path, old: str, new: str, code: str
) -> None:
    """Each is followed to its part of the sheet."""
    _copied(made, tmp_path)
    path = tmp_path / SPRITES_FILE
    assert [check.ok for check in _checks(made, tmp_path)] == [True, True]
    path.write_text(path.read_text().replace(old, new))
    poster, sprites = _checks(made, tmp_path)
    assert poster.ok
    assert (sprites.ok, sprites.detail.code) == (False, code)


def test_pictures_of_something_else_are_found(made: Transcoding, tmp_path: Path) -> None:
    """A poster of another frame or size, a sheet in another order, a file that is no JPEG."""
    _copied(made, tmp_path)
    with Image.open(tmp_path / SHEET_FILE) as sheet:
        sheet.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / SHEET_FILE)
    with Image.open(tmp_path / POSTER_FILE) as poster:
        poster.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(tmp_path / POSTER_FILE)
    assert [check.detail.code for check in _checks(made, tmp_path)] == ["poster_foreign", "sprite_foreign"]
    Image.new("RGB", (64, 64)).save(tmp_path / POSTER_FILE)
    (tmp_path / SHEET_FILE).write_bytes(b"no picture")
    assert [check.detail.code for check in _checks(made, tmp_path)] == ["still_of_other_size", "still_unreadable"]


def test_a_film_that_begins_black_has_a_poster_that_is_not(tmp_path: Path) -> None:
    """Here all frames of the usual part are black, and the video stands on its side."""
    black = "color=black:s=160x90:d=0.8"
    ffmpeg(
        "-f", "lavfi", "-i", black, "-f", "lavfi", "-i", "testsrc2=s=160x90:d=1.2", "-filter_complex",
        "[0][1]concat=n=2,setpts=N/25/TB,format=yuv420p", "-c:v", "libx264", tmp_path / "a.mp4",
    )  # fmt: skip
    ffmpeg("-display_rotation", "90", "-i", tmp_path / "a.mp4", "-c", "copy", tmp_path / "b.mp4")
    made = _made(tmp_path / "b.mp4", tmp_path / "out")
    with Image.open(made.folder / "film-poster.jpg") as picture:
        assert picture.size == (90, 160)
        low, high = picture.convert("L").getextrema()
    assert isinstance(high, int | float)
    assert high > 200
    assert low < 60
