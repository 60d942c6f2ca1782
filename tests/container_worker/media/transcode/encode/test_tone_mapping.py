"""HDR becomes SDR: how bright, in which colours, and the same in segments as in one piece."""

from itertools import chain
from pathlib import Path

import av
import numpy as np
import pytest

from container_worker.media.transcode.encode.child import SEGMENT_FILE
from container_worker.media.transcode.signatures import unpack
from scenequeue.jobs.transcode.source import ToneMap
from tests.container_worker.media.transcode.encode.clips import Source, describe, ffmpeg, rendition
from tests.container_worker.media.transcode.encode.test_child import encode

FRAMES, SIZE = 60, (160, 96)
_PQ = {"colour_space": "bt2020nc", "colour_primaries": "bt2020", "colour_transfer": "smpte2084", "colour_range": "tv"}
_MAPPED = ToneMap(peak_nits=1000)


def _pq(nits: float) -> float:
    """The signal of a brightness, 0 to 1 (ST 2084)."""
    power = (nits / 10_000) ** (2610 / 16_384)
    return float(((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32))


def _hdr(path: Path, brightest: list[float], **tags: str) -> Source:
    """A clip whose frames are grey from left to right, each up to its own brightness, with HDR metadata."""
    raw = bytearray()
    for nits in brightest:
        row = [round(64 + 876 * _pq(nits * (column + 1) / SIZE[0])) for column in range(SIZE[0])]
        raw += np.tile(np.array(row, "<u2"), SIZE[1]).tobytes() + np.full(SIZE[0] * SIZE[1] // 2, 512, "<u2").tobytes()
    master = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    params = f"log-level=error:keyint=25:crf=4:master-display={master}:max-cll=1000,400:colorprim=bt2020:transfer=smpte2084"
    ffmpeg(
        "-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", "25", "-i", "pipe:0",
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"{params}:colormatrix=bt2020nc:pools=1", path,
        stdin=bytes(raw),
    )  # fmt: skip
    return describe(path, **{**_PQ, **tags})


def test_segments_are_mapped_as_the_whole_is(tmp_path: Path) -> None:
    """Frame by frame, although one segment is dark and another bright: none looks at its own frames only."""
    source = _hdr(tmp_path / "a.mp4", [20 + number**2 for number in range(FRAMES)])
    found = {}
    for name, cuts in (("whole", []), ("divided", [20, 40])):
        reports = [
            encode(
                source, source.payload(segment, rendition()).model_copy(update={"tone_map": _MAPPED}),
                tmp_path / f"{name}{segment.number}",
            )
            for segment in source.segments(cuts)
        ]  # fmt: skip
        counts = [len(report.tables["small"].packets) for report in reports]
        found[name] = list(chain(*(unpack(report.signatures, count) for report, count in zip(reports, counts, strict=True))))
    assert len(found["whole"]) == FRAMES
    assert found["divided"] == found["whole"]
    assert len(set(found["whole"])) > FRAMES // 2


@pytest.mark.parametrize("codec", ["h264", "h265", "av1"])
def test_all_renditions_are_sdr_and_say_so(tmp_path: Path, codec: str) -> None:
    """Eight bits, BT.709, no HDR metadata, in every size; the picture fits the signatures, which the encoder checks itself."""
    source = _hdr(tmp_path / "a.mp4", [1000.0] * 30)
    renditions = [rendition("a", (128, 76), codec), rendition("b", (80, 48), codec), rendition("c", (64, 38), codec)]
    [segment] = source.segments([])
    payload = source.payload(segment, *renditions).model_copy(update={"tone_map": _MAPPED})
    encode(source, payload, tmp_path / "made")
    for at in range(len(renditions)):
        with av.open(str(tmp_path / "made" / SEGMENT_FILE.format(at))) as container:
            frame = next(container.decode(video=0))
        assert frame.format.name == "yuv420p"
        assert (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range) == (1, 1, 1, 1)
        assert {each.type.name for each in frame.side_data} <= {"SEI_UNREGISTERED"}


@pytest.mark.parametrize(
    ("transfer", "levels"),
    [
        ("smpte2084", {10: 100, 50: 175, 100: 201, 203: 218, 1000: 235}),
        # The signal of 1,000 cd/m² in PQ is that of 203 in HLG.
        ("arib-std-b67", {1000: 218}),
    ],
)
def test_dark_tones_keep_their_brightness(tmp_path: Path, transfer: str, levels: dict[int, int]) -> None:
    """SDR's white is 100 cd/m²; what is brighter is pressed together up to the peak."""
    source = _hdr(tmp_path / "a.mp4", [1000.0] * 5, colour_transfer=transfer)
    [segment] = source.segments([])
    payload = source.payload(segment, rendition(size=SIZE)).model_copy(update={"tone_map": _MAPPED})
    encode(source, payload, tmp_path / "made")
    with av.open(str(tmp_path / "made" / SEGMENT_FILE.format(0))) as container:
        luma = next(container.decode(video=0)).to_ndarray()[: SIZE[1]].mean(axis=0)
    found = {nits: luma[round(nits / 1000 * SIZE[0]) - 1] for nits in levels}
    assert found == pytest.approx(levels, abs=8)
