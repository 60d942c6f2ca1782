"""A short transcoding up to its joined files, with a joiner of the tests' own, which can make every mistake."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.encode import child as encoding
from container_worker.media.transcode.file_names import PLAN_FILE, SEGMENT_REPORT_FILE, TRACK_REPORT_FILE
from container_worker.media.transcode.packet_table import read_table
from container_worker.media.transcode.verify.file_names import JOINED_FILE
from scenequeue.jobs.transcode.plan import Rendition, Segment, TrackReport, TranscodePlan
from scenequeue.jobs.transcode.source import SourceFile, Track, Watermark
from scenequeue.storage import sha256_of
from tests.container_worker.media.transcode.encode.clips import X264, Source, describe, ffmpeg, numbered, rendition

FRAMES, CUTS = 100, (25, 60)
#: Seconds of a frame.
FRAME_S = Fraction(1, 25)


@dataclass
class Frame:
    """A packet of the picture, to be muxed."""

    data: bytes
    #: In ticks of the source.
    pts: int
    dts: int
    is_key: bool
    segment: int


@dataclass
class Mistakes:
    """A fault of the joiner."""

    #: Changes the packets of the picture before they are muxed; times that it leaves are those of the plan.
    frames: Callable[[list[Frame]], list[Frame]] = lambda frames: frames
    #: The sound that is muxed.
    sound: Path | None = None
    sound_shift_s: Fraction = Fraction()
    #: The file whose headers are written.
    headers: Path | None = None


@dataclass
class Encoded:
    """A folder with the plan, the reports and the segments of a source."""

    folder: Path
    source: Source
    plan: TranscodePlan
    sound: Path
    segments: dict[str, list[Path]] = field(default_factory=dict)

    def join(self, target: Path, mistakes: Mistakes | None = None, *, name: str = "small", container: str = "mp4") -> None:
        """Join a rendition as the plan says, but for the mistakes."""
        mistakes = mistakes or Mistakes()
        files = self.segments[name]
        with (
            av.open(str(mistakes.headers or files[0])) as template,
            av.open(str(mistakes.sound or self.sound)) as sound,
            av.open(str(target), "w", format=container, options={"movie_timescale": "90000"}) as out,
        ):
            picture = out.add_stream_from_template(template.streams.video[0], opaque=True)
            picture.time_base = Fraction(*self.plan.picture.time_base)
            track = out.add_stream_from_template(sound.streams.audio[0])
            waiting: list[tuple[Fraction, Any]] = []
            for frame in mistakes.frames(self._frames(files)):
                packet = av.Packet(frame.data)
                packet.stream, packet.time_base, packet.is_keyframe = (
                    picture,
                    Fraction(*self.plan.picture.time_base),
                    frame.is_key,
                )
                packet.pts, packet.dts, packet.duration = frame.pts, frame.dts, self.plan.last_duration
                waiting.append((frame.dts * Fraction(*self.plan.picture.time_base), packet))
            for packet in sound.demux(audio=0):
                if packet.size:
                    assert packet.pts is not None
                    assert packet.time_base
                    shift = round(mistakes.sound_shift_s / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.pts + shift, track
                    waiting.append((packet.pts * packet.time_base, packet))
            for _time, packet in sorted(waiting, key=lambda each: each[0]):
                out.mux_one(packet)

    def _frames(self, files: list[Path]) -> list[Frame]:
        frames, delay, pts = [], 2, self.source.pts
        for number, path in enumerate(files):
            with av.open(str(path)) as file:
                packets = [packet for packet in file.demux(video=0) if packet.size]
                times = sorted(packet.pts or 0 for packet in packets)
                for packet in packets:
                    rank = self.plan.segments[number].first_frame + times.index(packet.pts or 0)
                    at = len(frames) - delay
                    dts = pts[at] if at >= 0 else pts[0] + at * self.plan.last_duration
                    frames.append(Frame(bytes(packet), pts[rank], dts, packet.is_keyframe, number))
        return frames

    def folder_with(self, folder: Path, *, mistakes: Mistakes | None = None, **more: Any) -> Path:
        """Make a folder as `verify` gets it: plan, reports, joined files."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.nut", "*.mp4"))
        (folder / PLAN_FILE).write_text(self.plan.model_dump_json())
        for number, each in enumerate(self.plan.renditions):
            self.join(folder / JOINED_FILE.format(number), mistakes, name=each.name, **more)
        return folder


def encode(
    folder: Path,
    *renditions: Rendition,
    frames: int = FRAMES,
    cuts: tuple[int, ...] | None = CUTS,
    watermark: Path | None = None,
) -> Encoded:
    """Make a clip with sound, and encode its segments; without cuts as a source that is not divided."""
    folder.mkdir(parents=True)
    silent = numbered(folder / "silent.mp4", frames)
    clip = folder / "clip.mp4"
    tone = f"aevalsrc=0.3*sin(440*2*PI*t)*gt(mod(t\\,1)\\,0.5):d={float(frames * FRAME_S)}:s=48000"
    ffmpeg("-i", silent, "-f", "lavfi", "-i", tone, "-c:v", "copy", "-c:a", "aac", clip)
    source = describe(clip)
    made = list(renditions) or [rendition()]
    made = [each.model_copy(update={"output": f"/clip-{each.name}.mp4"}) for each in made]
    segments = [Segment(number=0, first_frame=0, frames=frames)] if cuts is None else source.segments(cuts)
    duration = source.pts[-1] - source.pts[-2]
    plan = TranscodePlan(
        source=SourceFile(uri=clip.as_uri(), bytes=clip.stat().st_size, version=sha256_of(clip)),
        picture=source.picture, container="mp4",
        renditions=made, segments=segments, tracks=[Track(index=1, type="audio", codec="aac", action="copy")],
        frame_pts=[] if cuts is None else list(source.pts), last_duration=duration, encoder=find_ffmpeg().version,
        watermark=Watermark(uri="", sha256="") if watermark else None,
    )  # fmt: skip
    result = Encoded(folder, source, plan, clip, {each.name: [] for each in made})
    (folder / PLAN_FILE).write_text(plan.model_dump_json())
    for segment in plan.segments:
        work = folder / f"work{segment.number}"
        work.mkdir()
        shutil.copy(clip, work / "source")
        if watermark is not None:
            shutil.copy(watermark, work / "watermark")
        payload = source.payload(segment, *made).model_copy(update={"watermark": plan.watermark})
        encoding.make({
            "payload": payload.model_dump(mode="json"), "source": "source", "watermark": watermark and "watermark",
            "ffmpeg": str(find_ffmpeg().path), "folder": str(work),
        })  # fmt: skip
        (work / encoding.REPORT_FILE).rename(folder / SEGMENT_REPORT_FILE.format(segment.number))
        for at, each in enumerate(made):
            path = folder / f"{segment.number}-{each.name}.nut"
            (work / encoding.SEGMENT_FILE.format(at)).rename(path)
            result.segments[each.name].append(path)
        shutil.rmtree(work)
    track = TrackReport(index=1, table=read_table(clip, 1))
    (folder / TRACK_REPORT_FILE.format(1)).write_text(track.model_dump_json())
    return result


__all__ = ["X264", "Encoded", "Frame", "Mistakes", "encode", "rendition"]
