"""A full disk, known in one place."""

import errno
from pathlib import Path

import pytest

from scenequeue.storages.disk_errors import is_full, says_full

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_used_up_quota_is_a_full_disk(number: int) -> None:
    """As a number, and as a program says it."""
    assert is_full(OSError(number, "x"))
    assert not is_full(OSError(errno.EIO, "x"))
    assert says_full("ffmpeg: x.mp4: No space left on device\n")
    assert says_full("ffmpeg: x.mp4: Disk quota exceeded\n")
    assert not says_full("ffmpeg: x.mp4: Input/output error\n")


def test_nobody_else_decides_what_a_full_disk_is() -> None:
    """Or one of them forgets the quota."""
    own = {"ENOSPC", "EDQUOT", "No space left", "quota exceeded"}
    packages = ("scenequeue", "producer", "dispatcher", "container_worker", "sceneburst")
    files = [file for package in packages for file in (_ROOT / package).rglob("*.py") if file.name != "disk_errors.py"]
    assert [str(file) for file in files if any(word in file.read_text() for word in own)] == []
