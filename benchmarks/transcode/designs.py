"""The commands of two public designs that cut a video, encode the parts apart, and join them; and one whole run of ffmpeg.

They are run as published, with the same size and encoder for all; parts are joined in their order, which one of the two leaves to
the order of a folder's listing. `by_times` is the transcoder for AWS Lambda of the article that Sceneburst replaces, `by_pieces`
the one for Alibaba Function Compute.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import av

from tests.support.numbered_clips.making import run_ffmpeg
from tests.support.transcoding import Transcoding

ENCODER = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "21")


def whole(source: Path, folder: Path, segment_s: float) -> Path:
    """Encode a video in one run."""
    run_ffmpeg("-i", source, *ENCODER, "-c:a", "copy", folder / "made.mp4")
    return folder / "made.mp4"


def by_times(source: Path, folder: Path, segment_s: float) -> Path:
    """Cut by seconds, encode each part with its share of the sound, and join the files."""
    with av.open(str(source)) as container:
        seconds = (container.duration or 0) / av.time_base
    parts: list[Path] = []
    begin = 0.0
    while begin < seconds:
        early = min(begin, 1.0)
        parts.append(folder / f"part-{len(parts):04d}.mp4")
        times = ("-ss", f"{begin - early}", "-i", source, "-ss", f"{early}", "-t", f"{min(segment_s, seconds - begin)}")
        run_ffmpeg(*times, *ENCODER, "-x264opts", "stitchable", "-c:a", "copy", parts[-1])
        begin += segment_s
    return _joined(parts, folder)


def by_pieces(source: Path, folder: Path, segment_s: float) -> Path:
    """Cut at keyframes without encoding, encode each piece with its sound, and join the files."""
    cut = ("-c", "copy", "-f", "segment", "-segment_time", f"{segment_s}", "-reset_timestamps", "1")
    run_ffmpeg("-i", source, *cut, folder / f"piece_%04d{source.suffix}")
    parts: list[Path] = []
    for piece in sorted(folder.glob("piece_*")):
        parts.append(folder / f"part-{len(parts):04d}.mp4")
        run_ffmpeg("-i", piece, *ENCODER, parts[-1])
    return _joined(parts, folder)


def ours(source: Path, folder: Path, segment_s: float) -> Path:
    """Transcode a video as our workers do."""
    made = Transcoding(source, folder, {"segment_s": segment_s, "crf": 21, "preset": "veryfast"})
    made.run()
    return made.file("source")


def _joined(parts: Sequence[Path], folder: Path) -> Path:
    listed = folder / "parts.txt"
    listed.write_text("".join(f"file '{part}'\n" for part in parts), encoding="utf-8")
    run_ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", folder / "made.mp4")
    return folder / "made.mp4"


#: All, ours first.
DESIGNS: Mapping[str, Callable[[Path, Path, float], Path]] = {
    "Sceneburst": ours, "one whole ffmpeg": whole, "by times": by_times, "by pieces": by_pieces,
}  # fmt: skip
