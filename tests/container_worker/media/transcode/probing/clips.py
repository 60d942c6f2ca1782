"""Makes small sources with ffmpeg."""

import subprocess
from pathlib import Path

from container_worker.media.ffmpeg import find_ffmpeg

#: Seconds of pictures, at 25 a second, and of a tone.
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration={seconds}")
TONE = ("-f", "lavfi", "-i", "sine=duration={seconds}")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-bf", "2", "-threads", "1")
AAC = ("-c:a", "aac", "-b:a", "64k")


def clip(path: Path, *arguments: str, seconds: float = 2.0, sound: bool = False) -> Path:
    """Make a clip of H.264 in the format of the path's ending.

    Args:
        path: the file.
        arguments: of ffmpeg, for the output.
        seconds: its length.
        sound: also a tone, as AAC.
    """
    inputs = [*PICTURE, *(TONE if sound else ())]
    return ffmpeg(path, *(word.format(seconds=seconds) for word in inputs), *H264, *(AAC if sound else ()), *arguments)


def ffmpeg(path: Path, *arguments: str | Path) -> Path:
    """Run ffmpeg, whose output is the path."""
    words = [str(find_ffmpeg().path), "-y", "-nostdin", "-loglevel", "error", *map(str, arguments), str(path)]
    subprocess.run(words, check=True, timeout=60, capture_output=True)
    return path
