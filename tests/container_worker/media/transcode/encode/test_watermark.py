"""A watermark lies on every frame of every rendition, where scenes have it, and changes nothing else."""

import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.picture.video_colours import to_yuv
from container_worker.media.transcode.encode.argv import argv_for
from container_worker.media.transcode.encode.child import SEGMENT_FILE
from container_worker.media.transcode.encode.watermark import prepare_watermark
from container_worker.media.transcode.signatures import unpack
from scenequeue.jobs.options import WatermarkStyle
from scenequeue.jobs.transcode.plan import Rendition, SegmentReport
from scenequeue.jobs.transcode.source import Watermark
from tests.container_worker.media.transcode.encode.clips import SIZE, X264, Source, describe, numbered, numbers_shown, rendition
from tests.container_worker.media.transcode.encode.test_child import encode

FRAMES = 60
_STYLE = WatermarkStyle(corner="bottom_left", margin=0.1, width=0.5, opacity=0.75)


def _logo(path: Path) -> Path:
    """White, with a transparent hole in its middle."""
    picture = Image.new("RGBA", (40, 20), (255, 255, 255, 255))
    picture.paste((255, 0, 0, 0), (15, 5, 25, 15))
    picture.save(path)
    return path


def _laid(source: Source, folder: Path, made: Rendition, style: WatermarkStyle = _STYLE) -> list[Any]:
    """The planes of the first frame before it is encoded, without and with the watermark."""
    overlays, _ = prepare_watermark(_logo(folder / "logo.png"), style, source.picture, None, [made])
    [segment] = source.segments([])
    found = []
    for laid in ([], overlays):
        argv = argv_for(str(find_ffmpeg().path), "a.mp4", source.picture, segment, [made], ["none"], 0, None, laid)
        begin, end = argv.index("[v0]"), argv.index("[signature]") - 1
        words = [*argv[: begin + 1], "-frames:v", "1", "-f", "rawvideo", "pipe:1", *argv[end : end + 2], "-f", "null", "-"]
        raw = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, check=True).stdout
        samples = np.frombuffer(raw, "<u2" if made.pix_fmt.endswith("10le") else "u1").astype(int)
        found.append(samples[: made.width * made.height * (4 if "422" in made.pix_fmt else 3) // 2])
    return found


@pytest.mark.parametrize(
    ("pix_fmt", "tags"),
    [
        ("yuv420p", {}), ("yuv420p", {"colour_space": "bt709", "colour_range": "tv"}),
        ("yuv420p10le", {"colour_space": "bt709"}), ("yuv422p10le", {}),
    ],
)  # fmt: skip
def test_the_frame_changes_only_under_the_watermark(tmp_path: Path, pix_fmt: str, tags: dict[str, str]) -> None:
    """Bit by bit; under it white is blended with the given opacity; a hole stays a hole."""
    made = rendition(size=SIZE, codec="h265", pix_fmt=pix_fmt)
    clip = numbered(tmp_path / "a.mp4", 30, "-c:v", "libx264", "-qp", "0", "-colorspace", "bt709", pix_fmt="yuv420p")
    plain, marked = _laid(describe(clip, **tags), tmp_path, made)
    width, height = SIZE
    ones = [each[: width * height].reshape(height, width) for each in (plain, marked)]
    # Half the shorter side wide, a tenth of it from both edges.
    left, bottom, wide, high = 10, height - 10, 48, 24
    where = np.zeros((height, width), bool)
    where[bottom - high : bottom, left : left + wide] = True
    hole = np.zeros((height, width), bool)
    hole[bottom - 14 : bottom - 10, left + 22 : left + 26] = True
    assert np.array_equal(ones[0][~where | hole], ones[1][~where | hole])
    unit = 4 if pix_fmt.endswith("10le") else 1
    solid = (slice(bottom - 23, bottom - 19), slice(left + 1, left + wide - 1))
    wanted = 0.25 * ones[0][solid] + 0.75 * 235 * unit
    assert np.abs(ones[1][solid] - wanted).max() <= 2 * unit
    chroma = marked[width * height :].reshape(2, -1, width // 2)
    assert np.abs(chroma - 128 * unit).max() <= 2 * unit


def test_every_rendition_has_it_at_the_same_place_and_segments_fit_together(tmp_path: Path) -> None:
    """Whatever the division: the encoder finds each frame as it must be; no frame and no time is lost by a fine clock."""
    clip = numbered(
        tmp_path / "a.mp4", FRAMES, *X264, "-fps_mode", "passthrough", "-enc_time_base", "1/10000000",
        "-video_track_timescale", "10000000", filters="settb=1/10000000,setpts='N*400000+mod(N,3)*7'",
    )  # fmt: skip
    source = describe(clip)
    assert source.picture.time_base == (1, 10_000_000)
    logo = Watermark(uri="", sha256="", style=_STYLE.model_copy(update={"width": 0.2, "corner": "top_right"}))
    renditions = [rendition("large", (128, 76)), rendition("small")]
    _logo(tmp_path / "logo.png")
    found: dict[str, list[bytes]] = {}
    for name, cuts in (("whole", []), ("divided", [20, 40])):
        reports: list[SegmentReport] = []
        for segment in source.segments(cuts):
            payload = source.payload(segment, *renditions).model_copy(update={"watermark": logo})
            folder = tmp_path / f"{name}{segment.number}"
            reports.append(encode(source, payload, folder, watermark=tmp_path / "logo.png"))
            for at, each in enumerate(renditions):
                assert numbers_shown(folder / SEGMENT_FILE.format(at)) == source.numbers(segment)
                pts = sorted(row.pts for row in reports[-1].tables[each.name].packets)
                assert pts == source.pts[segment.first_frame : segment.first_frame + segment.frames]
        assert len({report.watermark for report in reports}) == 1
        counts = [len(report.tables["small"].packets) for report in reports]
        found[name] = list(chain(*(unpack(report.signatures, count) for report, count in zip(reports, counts, strict=True))))
        assert max(unpack(reports[0].watermark, 1)[0]) > 100
    assert found["divided"] == found["whole"]


@pytest.mark.parametrize("style", [{"opacity": 0.0}, {"margin": 0.4, "width": 0.01, "opacity": 0.001}])
def test_a_watermark_that_cannot_be_seen_is_left_out(tmp_path: Path, style: dict[str, float]) -> None:
    """Nothing is laid on the frames, and the signatures stay as they are."""
    source = describe(numbered(tmp_path / "a.mp4", 5))
    plain, marked = _laid(source, tmp_path, rendition(size=SIZE), WatermarkStyle(**style))
    assert np.abs(plain - marked).max() <= 1


@pytest.mark.parametrize(
    ("transfer", "primaries", "white"),
    [("bt709", "bt709", 1.0), ("bt2020-10", "bt2020", 1.0), ("smpte2084", "bt2020", 0.58), ("arib-std-b67", "bt2020", 0.75)],
)
def test_white_is_the_white_of_the_video(transfer: str, primaries: str, white: float) -> None:
    """In HDR it is 203 cd/m², and not the brightest light of all; grey stays grey, and black black."""
    tags = {"range": "tv", "colorspace": "bt2020nc", "color_primaries": primaries, "color_trc": transfer}
    rgb = np.array([[[1, 1, 1], [0.5, 0.5, 0.5], [0, 0, 0]]], np.float32)
    [yuv] = to_yuv(rgb, tags, 1080)
    assert yuv[0][0] == pytest.approx(white, abs=0.005)
    assert yuv[0][0] > yuv[1][0] > yuv[2][0] == pytest.approx(0, abs=0.005)
    assert np.abs(yuv[:, 1:]).max() < 0.01
