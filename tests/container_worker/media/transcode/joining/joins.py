"""Joins small clips without queue and storage: encodes their segments and tracks, then joins them."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.encode import child as encoding
from container_worker.media.transcode.joining import child as joining
from container_worker.media.transcode.track import child as tracking
from container_worker.media.transcode.track.argv import track_ending, track_file
from scenequeue.jobs.transcode.plan import Rendition, TranscodePlan
from scenequeue.jobs.transcode.source import Chapter, SourceFile, Track
from tests.container_worker.media.transcode.encode.clips import Source, describe, ffmpeg, numbered, rendition

FFMPEG = str(find_ffmpeg().path)
FILE = SourceFile(uri="file:///none", bytes=1, version="1")


def with_sound(folder: Path, name: str, *options: str, rate: str = "25", frames: int = 70) -> Path:
    """Make a clip of numbered frames with a sine of the same length, copied into the container that the name's ending says."""
    picture = numbered(folder / "picture.mp4", frames, rate=rate)
    made = folder / "sound.mp4"
    sine = f"sine=f=440:d={frames / 25}:r=48000"
    ffmpeg("-i", picture, "-f", "lavfi", "-i", sine, "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "aac", made)
    if name.endswith(".mp4") and not options:
        return made.rename(folder / name)
    ffmpeg("-i", made, "-c", "copy", *options, folder / name)
    return folder / name


def track(index: int, codec: str, action: str, kind: Any = "audio", **more: Any) -> Track:
    return Track(index=index, type=kind, codec=codec, action=action, **more)


def make_track(path: Path, each: Track, folder: Path) -> None:
    """Make a track's file and report in the folder of a join."""
    source = folder / "source"
    if not source.exists():
        shutil.copy(path, source)
    payload = {"source": FILE.model_dump(), "track": each.model_dump(), "work": "file:///none"}
    tracking.make({"payload": payload, "source": "source", "kbps": 128, "ffmpeg": FFMPEG, "folder": str(folder)})
    name = track_file(each.action, each.codec)
    (folder / "report.json").rename(folder / f"track-{each.index}.json")
    (folder / name).rename(folder / f"track-{each.index}{track_ending(each.action, each.codec)}")


@dataclass(frozen=True)
class Joined:
    """A joined file, and its source."""

    path: Path
    folder: Path
    source: Source
    plan: TranscodePlan


def join(
    path: Path,
    folder: Path,
    container: Any = "mp4",
    tracks: tuple[Track, ...] = (),
    cuts: tuple[int, ...] = (25, 57),
    made: Rendition | None = None,
    **described: Any,
) -> Joined:
    """Divide a clip at these frames, and join it again."""
    folder.mkdir()
    shutil.copy(path, folder / "source")
    source, made = describe(path, **described), made or rendition(codec="av1" if container == "webm" else "h264")
    segments = source.segments(cuts)
    for segment in segments:
        payload = source.payload(segment, made).model_dump(mode="json")
        encoding.make({"payload": payload, "source": "source", "ffmpeg": FFMPEG, "folder": str(folder)})
        (folder / "report.json").rename(folder / f"segment-{segment.number:05d}.json")
        (folder / "segment-0.nut").rename(folder / f"segment-{segment.number:05d}.nut")
    for each in tracks:
        make_track(path, each, folder)
    plan = TranscodePlan(
        source=FILE, picture=source.picture, container=container, renditions=[made], segments=segments, tracks=list(tracks),
        frame_pts=list(source.pts), last_duration=source.pts[-1] - source.pts[-2], origin_pts=min(0, source.pts[0]),
        encoder=find_ffmpeg().version, metadata={"title": "Ein Titel"},
        chapters=[Chapter(start_ms=0, end_ms=1000, title="one"), Chapter(start_ms=1000, end_ms=2000, title="two")],
    )  # fmt: skip
    (folder / "plan.json").write_text(plan.model_dump_json())
    return finish(Joined(folder / f"joined.{container}", folder, source, plan))


def finish(joined: Joined) -> Joined:
    """Join what lies in the folder."""
    joining.make({"rendition": joined.plan.renditions[0].name, "folder": str(joined.folder)})
    return joined


def packets_of(path: Path, index: int) -> list[tuple[float, bytes]]:
    """The time in seconds and the content of a stream's packets, in the order of the file."""
    with av.open(str(path)) as container:
        stream = container.streams[index]
        assert stream.time_base
        return [(float((each.pts or 0) * stream.time_base), bytes(each)) for each in container.demux(stream) if each.size]
