"""Scratch folders: removed with their item, swept after their owner."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from container_worker.scratch import remove_remaining, scratch_folder, sweep


def test_what_a_dead_worker_left_is_swept_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    """Dead is also a zombie: nobody may have looked at it yet."""
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    abandoned = tmp_path / f"sceneburst-{program.pid}-item-abc"
    (abandoned / "deep").mkdir(parents=True)
    with scratch_folder(tmp_path) as mine:
        assert sweep(tmp_path) == 0
        program.kill()
        # Not waited for: it is a zombie now.
        while "Z" not in Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()[0]:
            pass
        assert sweep(tmp_path) == 1
        assert [path.name for path in tmp_path.iterdir()] == [mine.name]
    program.wait()
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_worker_was_trying_out_is_swept_too(tmp_path: Path) -> None:
    """A file as well as a folder, which may belong to a child's own user by then."""
    (tmp_path / "sceneburst-999999999-probe-a").touch()
    folder = tmp_path / "sceneburst-999999999-probe-b"
    folder.mkdir()
    if os.getuid() == 0:
        os.chown(folder, 61_184, -1)
    assert sweep(tmp_path) == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """Other names, files, links."""
    (tmp_path / "sceneburst-notes").mkdir()
    (tmp_path / "sceneburst-1-file").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sceneburst-999999999-link").symlink_to(tmp_path / "elsewhere")
    assert sweep(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 4


def test_what_cannot_be_removed_now_is_removed_later(tmp_path: Path) -> None:
    """To list a folder takes a file descriptor, and there may be none just then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        with scratch_folder(tmp_path) as folder:
            (folder / "file").touch()
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert folder.exists()
    remove_remaining()
    assert not folder.exists()
