"""Files that killed and simultaneous writers leave beside their target."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scenequeue.storages.atomic import atomic_write

_WRITER = """
import sys, time
from pathlib import Path
from scenequeue.storages.atomic import atomic_write
with atomic_write(Path(sys.argv[1])) as copy:
    copy.write_bytes(b"half of it, and longer than what comes after")
    print("writing", flush=True)
    time.sleep(60)
"""


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_writer_left_goes_with_the_next(tmp_path: Path) -> None:
    """The next writer of the same target overwrites it."""
    target = tmp_path / "film.mp4"
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(target)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert len(_names(tmp_path)) == 1
    with atomic_write(target) as copy:
        copy.write_bytes(b"all of it")
    assert _names(tmp_path) == ["film.mp4"]
    assert target.read_bytes() == b"all of it"


def test_two_writers_of_one_target_do_not_touch_one_anothers_bytes(tmp_path: Path) -> None:
    """Each has a temporary file of its own; the last one to finish wins."""
    target = tmp_path / "film.mp4"
    with atomic_write(target) as first:
        first.write_bytes(b"first")
        with atomic_write(target) as second:
            second.write_bytes(b"second")
        assert target.read_bytes() == b"second"
    assert target.read_bytes() == b"first"
    assert _names(tmp_path) == ["film.mp4"]


def test_many_writers_leave_one_file_that_is_one_of_theirs(tmp_path: Path) -> None:
    """A reader sees a whole file of one writer at any moment."""
    target = tmp_path / "film.mp4"
    contents = [bytes([number]) * 100_000 for number in range(8)]

    def write(content: bytes) -> None:
        for _ in range(50):
            with atomic_write(target) as copy:
                copy.write_bytes(content)

    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if target.exists():
            assert target.read_bytes() in contents
    assert _names(tmp_path) == ["film.mp4"]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Neither the target nor a temporary file."""
    with pytest.raises(RuntimeError), atomic_write(tmp_path / "film.mp4") as copy:  # noqa: PT012  the block is what fails
        copy.write_bytes(b"half")
        raise RuntimeError
    assert _names(tmp_path) == []
