"""Writes raw frames to ffmpeg's stdin without copying them.

vmsplice(2) puts references to the frame's pages into the pipe instead of their bytes:

    write:     frame --copy--> pipe buffer --copy--> ffmpeg
    vmsplice:  frame <--page references in the pipe-- ffmpeg copies from the frame itself

A page must therefore not change until ffmpeg has read it. Two buffers in turn are enough, because a frame is larger than the
pipe: once the last byte of frame n is in the pipe, frame n - 1 has been read and its buffer may be drawn on again.

    writer     draw 0 | put 0 | draw 1 | put 1 | draw 2 | put 2 | draw 3 ...
    buffer A   drawn  |---- read by ffmpeg ----| drawn  |---- read by ...
    buffer B                  | drawn  |---- read by ffmpeg ----| drawn  ...
"""

import ctypes
import errno
import fcntl
import os

#: Requested pipe size, in bytes: a large pipe saves context switches. A larger one needs privileges (pipe(7)).
_WANTED_BYTES = 1024 * 1024
#: Errors of vmsplice(2) where it does not exist or is not allowed.
_NOT_SUPPORTED = (errno.ENOSYS, errno.EPERM, errno.EINVAL)


class _Part(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class FramePipe:
    """The writing end of a pipe that takes frames of one size.

    Args:
        fd: the pipe; the caller closes it.
        frame_bytes: size of every frame.
    """

    def __init__(self, fd: int, frame_bytes: int) -> None:
        self._fd, self._libc = fd, ctypes.CDLL(None, use_errno=True)
        # A smaller frame could be redrawn while it is still in the pipe (see the diagram).
        self._uses_vmsplice = frame_bytes >= _size(fd) and hasattr(self._libc, "vmsplice")

    def put(self, frame: memoryview) -> None:
        """Write all of the frame, which must not change before the next one has been put.

        Raises:
            BrokenPipeError: the reader has gone.
        """
        sent = self._vmsplice(frame) if self._uses_vmsplice else 0
        while sent < len(frame):
            sent += os.write(self._fd, frame[sent:])

    def _vmsplice(self, frame: memoryview) -> int:
        """Put references to the frame's pages into the pipe; returns the bytes put, fewer than all where the system refuses."""
        begin, sent = ctypes.addressof(ctypes.c_char.from_buffer(frame)), 0
        while sent < len(frame):
            part = _Part(begin + sent, len(frame) - sent)
            taken = self._libc.vmsplice(self._fd, ctypes.byref(part), 1, 0)
            if taken < 0:
                number = ctypes.get_errno()
                if number in _NOT_SUPPORTED:
                    self._uses_vmsplice = False
                    break
                raise OSError(number, os.strerror(number))
            sent += taken
        return sent


def _size(fd: int) -> int:
    """Enlarge the pipe as far as allowed and return its size in bytes."""
    try:
        return fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _WANTED_BYTES)
    except OSError:  # the user's limit for pipe memory is reached: slower, but correct
        return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
