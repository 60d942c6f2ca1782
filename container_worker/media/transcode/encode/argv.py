"""Builds the command line of the one ffmpeg that encodes a segment to all its renditions."""

from collections.abc import Sequence

from container_worker.media.transcode.encode.encoders import encoder_options
from container_worker.media.transcode.encode.filters import RENDITION_PAD, SIGNATURE_PAD, filter_graphs
from container_worker.media.transcode.encode.formats import SOURCE_FORMATS
from container_worker.media.transcode.encode.overlay import Overlay
from container_worker.media.transcode.encode.stills import still_arguments, still_outputs
from scenequeue.jobs.transcode.plan import Rendition, Segment, Stills
from scenequeue.jobs.transcode.source import Picture, ToneMap

_MICROSECONDS = 1_000_000


def seek_us(picture: Picture, segment: Segment, margin_us: int) -> int | None:
    """Return the time at which decoding begins, in microseconds of the file's own clock; None for the start of the file.

    Args:
        picture: has the time base.
        segment: has the PTS of a keyframe.
        margin_us: of `seek_margin_us`.
    """
    if segment.seek_pts is None:
        return None
    numerator, denominator = picture.time_base
    # Up, because a seek ends at the last keyframe that is not later.
    aim = -(-segment.seek_pts * numerator * _MICROSECONDS // denominator) - margin_us
    # FLV's demuxer finds nothing before the start.
    return aim if aim > picture.file_start_us else None


def source_options(source: str, picture: Picture, segment: Segment, margin_us: int, most_s: float | None = None) -> list[str]:
    """Return the options of an ffmpeg that decodes a segment of the source, its first input.

    Args:
        source: name of the source in ffmpeg's working folder.
        picture: the source's stream.
        segment: gives the place at which decoding begins.
        margin_us: of `seek_margin_us`.
        most_s: no more than so many seconds are read; None for all.
    """
    seek = seek_us(picture, segment, margin_us)
    return [
        "-y", "-nostdin", "-hide_banner", "-loglevel", "error", "-filter_complex_threads", "1",
        # Frames are counted, which tells more than an exit code.
        "-max_error_rate", "1", "-threads", "1", "-copyts", "-noaccurate_seek",
        # Absolute, so that it does not depend on the start that ffmpeg finds in a span of the file.
        *([] if seek is None else ["-seek_timestamp", "1", "-ss", f"{seek}us"]),
        *([] if most_s is None else ["-t", f"{most_s:g}"]),
        "-protocol_whitelist", "file", "-format_whitelist", ",".join(SOURCE_FORMATS),
        "-i", f"file:{source}",
    ]  # fmt: skip


def argv_for(
    ffmpeg: str,
    source: str,
    picture: Picture,
    segment: Segment,
    renditions: Sequence[Rendition],
    targets: Sequence[str],
    margin_us: int,
    tone_map: ToneMap | None = None,
    overlays: Sequence[Overlay | None] = (),
    most_s: float | None = None,
    stills: Stills | None = None,
) -> list[str]:
    """Return the command that decodes a segment once, encodes all renditions, and writes the signatures to stdout.

    Args:
        ffmpeg: path of the program.
        source: name of the source in ffmpeg's working folder.
        picture: the source's stream.
        segment: the frames, with run-up and look-ahead.
        renditions: those that are encoded, not copied.
        targets: name of the NUT file of each rendition; times in it are counted from `base_pts`.
        margin_us: of `seek_margin_us`.
        tone_map: of a source in HDR that becomes SDR.
        overlays: laid on each rendition; none at all for none.
        most_s: of `source_options`.
        stills: pictures of some frames, which are written to files.
    """
    base = f"{picture.time_base[0]}/{picture.time_base[1]}"
    times = ["-fps_mode:v", "passthrough", "-enc_time_base:v", base]
    argv = [ffmpeg, *source_options(source, picture, segment, margin_us, most_s)]
    for graph in filter_graphs(picture, segment, renditions, tone_map, overlays, stills):
        argv += ["-filter_complex", graph]
    for at, (rendition, target) in enumerate(zip(renditions, targets, strict=True)):
        argv += [
            "-map", f"[{RENDITION_PAD.format(at)}]", *times, *encoder_options(rendition, picture.frame_rate, segment),
            "-map_metadata", "-1", "-map_chapters", "-1", "-flags", "+global_header", "-fflags", "+bitexact",
            # The delay of reordered frames is negative, which NUT does not store anyway.
            "-avoid_negative_ts", "disabled", "-f", "nut", f"file:{target}",
        ]  # fmt: skip
    largest = max(renditions, key=lambda each: each.width * each.height)
    argv += still_arguments(list(still_outputs(segment, stills, largest)))
    return [*argv, "-map", f"[{SIGNATURE_PAD}]", *times, "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1"]
