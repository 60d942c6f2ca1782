"""Clips whose frames carry their number in their pixels, and their division without the probe."""

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from container_worker.media.ffmpeg import find_ffmpeg
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.plan import Rendition, Segment
from scenequeue.jobs.transcode.source import Picture, SourceFile
from scenequeue.storage import sha256_of

SIZE = (160, 96)
#: Bits of a frame's number, in two rows of blocks.
_BITS = 8
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2")


def picture_of(number: int, size: tuple[int, int] = SIZE) -> Any:
    """A grey picture whose upper half shows the number, and whose lower half shows its complement."""
    width, height = size
    bits = np.array([number >> bit & 1 for bit in range(_BITS)], np.uint8)
    row = np.repeat(bits * 160 + 48, width // _BITS)
    picture = np.full((height, width), 128, np.uint8)
    picture[: height // 2, : row.size] = row
    picture[height // 2 :, : row.size] = 255 - row
    return picture


def number_in(luma: Any) -> int:
    """The number that a picture shows."""
    height, width = luma.shape
    step = width // _BITS
    upper = [luma[: height // 2, at * step + step // 4 : (at + 1) * step - step // 4].mean() for at in range(_BITS)]
    lower = [luma[height // 2 :, at * step + step // 4 : (at + 1) * step - step // 4].mean() for at in range(_BITS)]
    return sum(int(up > down) << bit for bit, (up, down) in enumerate(zip(upper, lower, strict=True)))


def ffmpeg(*arguments: str | Path, stdin: bytes = b"") -> None:
    """Run ffmpeg; its errors fail the test."""
    words = [str(find_ffmpeg().path), "-y", "-v", "error", *map(str, arguments)]
    subprocess.run(words, input=stdin, check=True)


def numbered(
    path: Path,
    frames: int,
    *options: str | Path,
    size: tuple[int, int] = SIZE,
    rate: str = "25",
    filters: str = "null",
    pix_fmt: str = "yuv420p",
    first: int = 0,
) -> Path:
    """Make a clip of so many numbered frames."""
    raw = b"".join(picture_of(number, size).tobytes() for number in range(first, first + frames))
    given = options or X264
    ffmpeg(
        "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", rate, "-i", "pipe:0",
        "-vf", f"{filters},format={pix_fmt}" if pix_fmt else filters, *given, path, stdin=raw,
    )  # fmt: skip
    return path


@dataclass(frozen=True)
class Source:
    """A clip as a probe would describe it."""

    path: Path
    picture: Picture
    #: Of every frame, in presentation order.
    pts: Sequence[int]
    keys: Sequence[int]
    #: Frames before the first that is shown.
    hidden: int = 0

    def numbers(self, segment: Segment | None = None) -> list[int]:
        """The numbers in the frames of a segment, or of all."""
        first, count = (segment.first_frame, segment.frames) if segment else (0, len(self.pts))
        return list(range(self.hidden + first, self.hidden + first + count))

    def segments(self, cuts: Iterable[int], run_up: int = 6, look_ahead: int = 8) -> list[Segment]:
        """Divide it before the frames with these positions."""
        edges = [0, *cuts, len(self.pts)]
        return [self._segment(number, *edges[number : number + 2], run_up, look_ahead) for number in range(len(edges) - 1)]

    def _segment(self, number: int, first: int, end: int, run_up: int, look_ahead: int) -> Segment:
        total = len(self.pts)
        lead, tail = max(0, first - run_up), min(total, end + look_ahead)
        seek = max((key for key in self.keys if key <= self.pts[lead]), default=None)
        return Segment(
            number=number, first_frame=first, frames=end - first, start_pts=self.pts[first],
            end_pts=self.pts[end] if end < total else None,
            lead_pts=self.pts[lead] if lead < first else None, lead_frames=first - lead,
            tail_pts=self.pts[tail] if tail < total else None, tail_frames=tail - end,
            seek_pts=seek if lead else None, keyframes=sorted({0, *range(0, end - first, 12)}),
        )  # fmt: skip

    def payload(self, segment: Segment, *renditions: Rendition, work: str = "file:///none") -> EncodePayload:
        """The item of a segment."""
        file = SourceFile(uri=f"file://{self.path}", bytes=self.path.stat().st_size, version=sha256_of(self.path))
        return EncodePayload(
            source=file, picture=self.picture, renditions=list(renditions), segment=segment, encoder=find_ffmpeg().version,
            work=work,
        )  # fmt: skip


def rendition(name: str = "small", size: tuple[int, int] = (80, 48), codec: Any = "h264", **more: Any) -> Rendition:
    return Rendition(
        name=name, width=size[0], height=size[1], codec=codec, preset="10" if codec == "av1" else "veryfast", output="", **more
    )


def describe(path: Path, **more: Any) -> Source:
    """Read a clip as the probe does: its picture, and the times of its frames."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert stream.time_base
        assert stream.average_rate
        picture = Picture(
            index=stream.index, codec=context.name, width=context.width, height=context.height, pix_fmt=context.pix_fmt or "",
            time_base=stream.time_base.as_integer_ratio(), frame_rate=stream.average_rate.as_integer_ratio(),
            file_start_us=container.start_time or 0, **more,
        )  # fmt: skip
        packets = [packet for packet in container.demux(stream) if packet.size and not packet.is_discard]
        assert all(packet.pts is not None for packet in packets)
        return Source(
            path, picture, sorted(packet.pts or 0 for packet in packets),
            sorted(packet.pts or 0 for packet in packets if packet.is_keyframe),
        )  # fmt: skip


def numbers_shown(path: Path) -> list[int]:
    """The numbers that a file's frames show, in presentation order."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        return [number_in(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
