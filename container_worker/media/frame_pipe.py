"""Hands raw frames to ffmpeg."""

import ctypes
import errno
import fcntl
import os

#: Wanted size of the pipe, in bytes: fewer switches between the two processes. More needs privileges (pipe(7)).
_WANTED_BYTES = 1024 * 1024
#: What vmsplice(2) says where there is none, or it is not allowed.
_NOT_SUPPORTED = (errno.ENOSYS, errno.EPERM, errno.EINVAL)


class _Part(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class FramePipe:
    """The writing end of a pipe.

    Args:
        fd: stays the caller's.
        frame_bytes: of every frame.
    """

    def __init__(self, fd: int, frame_bytes: int) -> None:
        self._fd, self._libc = fd, ctypes.CDLL(None, use_errno=True)
        # A page that the pipe holds is not copied into it, but must stay as it is until it has been read. When a frame is in the
        # pipe whole, and is larger than the pipe, then the frame before it has been read.
        self._uses_vmsplice = frame_bytes >= _size(fd) and hasattr(self._libc, "vmsplice")

    def put(self, frame: memoryview) -> None:
        """All of the frame; it must not be changed before the next one has been put.

        Raises:
            BrokenPipeError: the reader has gone.
        """
        sent = self._vmsplice(frame) if self._uses_vmsplice else 0
        while sent < len(frame):
            sent += os.write(self._fd, frame[sent:])

    def _vmsplice(self, frame: memoryview) -> int:
        """Return the number of bytes in the pipe; fewer than all where the system does not let pages be lent."""
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
    """Bytes that the pipe holds, once it is as large as it may be."""
    try:
        return fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _WANTED_BYTES)
    except OSError:  # the user's allowance for pipes is used up: slower, not wrong
        return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
