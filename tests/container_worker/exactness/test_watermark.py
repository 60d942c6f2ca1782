"""A watermark through all stages: every frame stays exact; a bad one is refused before anything is encoded."""

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from scenequeue.errors import BadInput
from scenequeue.jobs.item import WorkItem
from tests.container_worker.exactness.exact import faults_of
from tests.support.numbered_clips import odd, timing, usual
from tests.support.transcoding import Transcoding

_CLIPS = {clip.name: clip for clip in usual.CLIPS}


def _logo(folder: Path) -> str:
    Image.new("RGB", (40, 20), (255, 0, 0)).save(folder / "logo.png")
    return (folder / "logo.png").as_uri()


@pytest.mark.parametrize(("name", "size", "pix_fmt"), [("rotated", (96, 160), "yuv420p"), ("hdr10", (160, 96), "yuv420p10le")])
def test_a_watermark_is_upright_and_the_rest_is_exact(tmp_path: Path, name: str, size: tuple[int, int], pix_fmt: str) -> None:
    """In the corner of the picture as it is shown, and in HDR no brighter than the picture's white."""
    clip = _CLIPS[name]
    clip = replace(clip, options={**clip.options, "watermark": _logo(tmp_path), "watermark_style": {"width": 0.15}})
    source = clip.make(tmp_path)
    assert faults_of(clip, source, tmp_path / "made", 1) == []
    made = Transcoding(source, tmp_path / "made", {})
    report = json.loads((tmp_path / "made" / "film-report.json").read_text())
    assert {check["name"] for check in report["checks"] if check["ok"]} >= {"likeness", "watermark"}
    with av.open(str(made.file("source"))) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, frame.format.name) == (*size, pix_fmt)
    red = frame.to_ndarray(format="rgb24").astype(int)
    reddish = red[..., 0] - red[..., 1] > 25
    rows, columns = np.flatnonzero(reddish.any(axis=1)), np.flatnonzero(reddish.any(axis=0))
    # 15 % of the shorter side wide, 3 % from the upper right corner.
    assert (columns[0], columns[-1] + 1) == pytest.approx((size[0] - 17, size[0] - 3), abs=2)
    assert (rows[0], rows[-1] + 1) == pytest.approx((3, 10), abs=2)


def test_a_watermark_stays_where_the_size_of_the_frames_changes(tmp_path: Path) -> None:
    """There ffmpeg begins anew; the verification would find a frame without it."""
    [clip] = [clip for clip in timing.CLIPS + odd.CLIPS if clip.name == "resized"]
    clip = replace(clip, options={**clip.options, "watermark": _logo(tmp_path), "watermark_style": {"width": 0.1}})
    assert faults_of(clip, clip.make(tmp_path), tmp_path / "made", 600) == []


def test_a_watermark_that_is_no_picture_is_refused_by_the_probe(tmp_path: Path) -> None:
    """Named with its address; nothing is encoded."""
    (tmp_path / "logo.png").write_text("#EXTM3U")
    source = _CLIPS["cfr-25"].make(tmp_path)
    made = Transcoding(source, tmp_path / "made", {"watermark": (tmp_path / "logo.png").as_uri()})
    with pytest.raises(BadInput) as refusal:
        made.run()
    assert refusal.value.reason.code == "picture_unreadable"
    assert "logo.png" in str(refusal.value)
    assert made.finished == []


def test_a_watermark_that_has_changed_since_the_probe_is_refused(tmp_path: Path) -> None:
    """All segments have the same."""
    source = _CLIPS["cfr-25"].make(tmp_path)
    made = Transcoding(source, tmp_path / "made", {"watermark": _logo(tmp_path), "segment_s": 1})
    made.folder.mkdir()
    payload = {"source": source.as_uri(), "output": made.folder.as_uri(), "stem": "film", "work": made.work.as_uri()}
    brought = made.carry_out(WorkItem(kind="probe", name="probe", payload=payload)).brings
    segment = next(item for item in brought if item.kind == "encode")
    Image.new("RGB", (40, 20), (0, 255, 0)).save(tmp_path / "logo.png")
    with pytest.raises(BadInput, match="has changed") as refusal:
        made.carry_out(segment)
    assert refusal.value.reason.code == "watermark_changed"
