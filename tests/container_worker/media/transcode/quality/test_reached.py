"""Renditions with a VMAF that was asked for, from real sources."""

import json
from pathlib import Path
from typing import Any

import pytest

from container_worker.kinds import load_kinds
from container_worker.media.ffmpeg import find_ffmpeg
from scenequeue.errors import BadInput
from tests.container_worker.media.transcode.encode.clips import ffmpeg
from tests.support.transcoding import Transcoding

_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-pix_fmt", "yuv420p")


def _clip(path: Path, picture: str, *options: str) -> Path:
    ffmpeg("-f", "lavfi", "-i", picture, *(options or _X264), path)
    return path


def _vmaf(made: Path, source: Path) -> float:
    """The mean VMAF of a whole file against its source, scaled to it."""
    log = made.parent / "vmaf.json"
    graph = f"[1:v][0:v]scale=rw:rh:flags=bicubic[source];[0:v][source]libvmaf=log_fmt=json:log_path={log}"
    ffmpeg("-i", made, "-i", source, "-filter_complex", graph, "-f", "null", "-")
    mean: float = json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"]
    return mean


def _transcoded(source: Path, **options: Any) -> Transcoding:
    made = Transcoding(source, source.parent / "out", options)
    made.run()
    return made


def _report(made: Transcoding) -> dict[str, Any]:
    return made.finished[-1][1].result.details


@pytest.mark.parametrize("target", [80, 92])
def test_every_rendition_has_the_vmaf_that_was_asked_for(target: int, tmp_path: Path) -> None:
    """Within 1 in the joined file of several segments; plan, report and CPU time tell how."""
    source = _clip(tmp_path / "film.mp4", "testsrc2=s=320x180:r=12:d=3,gblur=sigma=0.7,noise=alls=5:allf=t")
    made = _transcoded(source, segment_s=2, target_vmaf=target, preset="ultrafast")
    (rendition,) = _report(made)["renditions"]
    assert _vmaf(made.file("source"), source) == pytest.approx(target, abs=1)
    assert (rendition["target_vmaf"], rendition["crf"]) == (target, made.plan.renditions[0].crf)
    assert rendition["predicted_vmaf"] == pytest.approx(target, abs=1)
    assert 10 < rendition["crf"] < 45
    assert _report(made)["cpu_s"]["vmaf"] > 0
    assert made.codes == []


def test_a_target_out_of_reach_gets_the_nearest_and_a_note(tmp_path: Path) -> None:
    """A single frame has no motion, without which VMAF ends at 97; the cap, which is too low in places, is noted too."""
    source = _clip(tmp_path / "film.mp4", "mandelbrot=s=160x90:r=25,trim=end_frame=1")
    made = _transcoded(source, target_vmaf=99, max_kbps=50)
    (aim,) = made.plan.aims
    assert (aim.crf, aim.predicted_vmaf) == (10, pytest.approx(96, abs=2))
    assert made.codes == ["vmaf_out_of_reach", "vmaf_capped"]


def test_a_source_that_is_not_divided_is_measured_from_its_beginning(tmp_path: Path) -> None:
    """It says so; here the beginning is hard, and the rest is black."""
    picture = "testsrc2=s=160x90:r=2:d=20,noise=alls=10:allf=t[a];color=s=160x90:r=2:d=10[b];[a][b]concat"
    source = _clip(tmp_path / "film.mpg", picture, "-c:v", "mpeg2video", "-q:v", "2", "-r", "24")
    made = _transcoded(source, target_vmaf=85, preset="ultrafast")
    assert made.codes == ["not_divided_format", "vmaf_of_beginning"]
    assert made.plan.aims[0].predicted_vmaf == pytest.approx(85, abs=1)


_PQ = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:colorprim=9:transfer=16:colormatrix=9")


@pytest.mark.parametrize(
    ("picture", "options", "code"),
    [
        ("testsrc2=s=64x36:d=0.2,format=yuv420p10le", _PQ, "vmaf_of_hdr"),
        ("testsrc2=s=64x24:d=0.2", (), "vmaf_of_small"),
    ],
)
def test_a_picture_of_which_vmaf_says_nothing_is_refused(
    picture: str, options: tuple[str, ...], code: str, tmp_path: Path
) -> None:
    """For good, before anything is encoded."""
    source = _clip(tmp_path / "film.mp4", picture, *options)
    with pytest.raises(BadInput) as refusal:
        _transcoded(source, target_vmaf=90, codec="h265")
    assert refusal.value.reason.code == code


def test_an_ffmpeg_without_libvmaf_is_told_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that names its libraries without it."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho 'ffmpeg version 9.0.2'\necho 'configuration: --enable-libx264 --enable-libass'\n")
    program.chmod(0o755)
    monkeypatch.setenv("SCENEBURST_FFMPEG", str(program))
    assert not find_ffmpeg().has_vmaf
    with pytest.raises(BadInput) as refusal:
        _transcoded(tmp_path / "none.mp4", target_vmaf=90)
    assert refusal.value.reason.code == "vmaf_unavailable"
    assert load_kinds()
