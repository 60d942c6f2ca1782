"""Opens the files that items have written for one another, each in the format that they are written in alone."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from container_worker.codes import Code
from scenequeue.errors import BadInput

if TYPE_CHECKING:
    from av.container import InputContainer

#: FFmpeg's names of the formats of a segment, and of tracks.
SEGMENT_FORMAT, TRACK_FORMATS = "nut", "matroska,mov"


def open_only(path: Path, formats: str) -> "InputContainer":
    """Open a file, which can name no other one.

    Args:
        path: the file.
        formats: FFmpeg's names of those that it may have, with commas.

    Raises:
        FFmpegError: it has another format, or cannot be read.
    """
    import av

    return av.open(f"file:{path}", options={"protocol_whitelist": "file", "format_whitelist": formats})


@contextmanager
def opened_part(path: Path, formats: str) -> "Iterator[InputContainer]":
    """Open a part of a joined file for the block, which does nothing else that fails.

    Args:
        path: of another item.
        formats: as of `open_only`.

    Raises:
        BadInput: the file is not what an item writes; the block has found that it lacks a stream, or cannot be read on.
    """
    import av

    try:
        with open_only(path, formats) as container:
            yield container
    except (av.FFmpegError, ValueError, IndexError) as error:
        # All others of the system are of this machine; Matroska's demuxer has this one for the end of a file that is cut.
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno != errno.EIO):
            raise
        raise BadInput(Code.JOIN_FILE_UNUSABLE, file=path.name, problem=str(error)[:200]) from None
