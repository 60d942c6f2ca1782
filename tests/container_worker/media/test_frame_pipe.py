"""Frames arrive as they were, whether their pages were lent or copied."""

import contextlib
import os
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from container_worker.media import frame_pipe
from container_worker.media.frame_pipe import FramePipe

_LARGE, _SMALL = 3 * 1024 * 1024 + 12, 300_000


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """Reading and writing end."""
    reading, writing = os.pipe()
    yield reading, writing
    for fd in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(fd)


def _drawn(frames: int, size: int) -> Iterator[memoryview]:
    """As the composer makes them: in two buffers, in turns, each drawn over when the next but one is due."""
    buffers = [np.empty(size, np.uint8) for _ in range(2)]
    for number in range(frames):
        buffers[number % 2][:] = np.arange(size, dtype=np.uint64) * 7 + number
        yield buffers[number % 2].data


def _sent(ends: tuple[int, int], frames: int, size: int) -> tuple[bytes, bool]:
    """Bytes that a slow reader gets, and whether pages were passed to the pipe without a copy until the end."""
    got = bytearray()

    def read() -> None:
        while data := os.read(ends[0], 10_007):
            got.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    writer = FramePipe(ends[1], size)
    for frame in _drawn(frames, size):
        writer.put(frame)
    os.close(ends[1])
    reader.join()
    return bytes(got), writer._uses_vmsplice


@pytest.mark.parametrize(("size", "is_lent"), [(_LARGE, True), (_SMALL, False)])
def test_every_frame_arrives_as_it_was_drawn(ends: tuple[int, int], size: int, is_lent: bool) -> None:
    """A frame smaller than the pipe is copied: the one before it may still be in there."""
    assert _sent(ends, 5, size) == (b"".join(bytes(frame) for frame in _drawn(5, size)), is_lent)


def test_where_pages_cannot_be_lent_they_are_copied(ends: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        @staticmethod
        def vmsplice(*_: object) -> int:
            frame_pipe.ctypes.set_errno(frame_pipe.errno.EPERM)
            return -1

    monkeypatch.setattr(frame_pipe.ctypes, "CDLL", lambda *_, **__: Refusing)
    assert _sent(ends, 3, _LARGE) == (b"".join(bytes(frame) for frame in _drawn(3, _LARGE)), False)


@pytest.mark.parametrize("size", [_LARGE, _SMALL])
def test_a_reader_that_is_gone_is_told_of(ends: tuple[int, int], size: int) -> None:
    os.close(ends[0])
    (frame,) = _drawn(1, size)
    with pytest.raises(BrokenPipeError):
        FramePipe(ends[1], size).put(frame)
