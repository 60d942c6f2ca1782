"""Every kind of source through all stages: no frame lost, doubled or swapped, times and sound exact, or refused by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.container_worker.exactness.exact import faults_of
from tests.support.numbered_clips import odd, timing, usual
from tests.support.numbered_clips.clip import Clip

_CLIPS = [*usual.CLIPS, *timing.CLIPS, *odd.CLIPS, *odd.BROKEN_TAILS, *odd.REFUSED]
#: Those in which most that can go wrong does.
_TELLING = {
    "three-languages", "vfr-mkv", "hidden-pre-roll", "ts-wrap", "mov-pcm", "copied", "hdr10", "text",
}  # fmt: skip

ClipPath = Callable[[Clip], Path]


@pytest.mark.parametrize("clip", [clip for clip in _CLIPS if clip.name in _TELLING], ids=lambda clip: clip.name)
def test_a_telling_source_is_exact(clip: Clip, clip_path: ClipPath, tmp_path: Path) -> None:
    """In segments of about a second."""
    assert faults_of(clip, clip_path(clip), tmp_path / "made", 1) == []


@pytest.mark.matrix
@pytest.mark.parametrize("segment_s", [1, 2, 600])
@pytest.mark.parametrize("clip", _CLIPS, ids=lambda clip: clip.name)
def test_every_source_is_exact(clip: Clip, segment_s: float, clip_path: ClipPath, tmp_path: Path) -> None:
    """In segments of any length; those that cannot be divided are done whole or refused, and named."""
    assert faults_of(clip, clip_path(clip), tmp_path / "made", segment_s) == []
