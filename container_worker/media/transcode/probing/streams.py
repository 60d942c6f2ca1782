"""Describes the streams of a source: the picture that is transcoded, and those beside it."""

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias

from container_worker.codes import Code
from container_worker.media.transcode.probing.brightness import brightness_of
from container_worker.media.transcode.probing.colour import HDR_METADATA, PRIMARIES, RANGES, SPACES, TRANSFERS
from container_worker.media.transcode.probing.demuxing import opened
from container_worker.media.transcode.probing.facts import (
    MAX_CHAPTERS,
    MAX_SIDE_PX,
    MAX_STREAMS,
    MAX_TAGS,
    MAX_TEXT_CHARS,
    SourceFacts,
    StreamFacts,
)
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.source import Chapter, Picture, Ratio

#: Packets in which a first frame is looked for, and frames that are looked at: interlacing may begin after the first.
_FIRST_PACKETS, _FIRST_FRAMES = 300, 3
#: Tags of the file that are about its container.
_OF_CONTAINER = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "handler_name", "vendor_id"})
#: A codec without a decoder, whose name PyAV does not tell.
UNKNOWN = "unknown"
_INTERLACED_ORDERS = frozenset({2, 3, 4, 5})
_TYPES: dict[str, "_Type"] = {"video": "video", "audio": "audio", "subtitle": "subtitle", "attachment": "attachment"}
_Type: TypeAlias = Literal["video", "audio", "subtitle", "data", "attachment"]


def describe(path: Path, name: str, program: frozenset[int] | None) -> SourceFacts:
    """Return the facts of a source.

    Args:
        path: the file.
        name: for messages.
        program: ids of the streams of the first program; None for all.

    Raises:
        BadInput: it has no picture that can be decoded.
    """
    with opened(path, name) as container:
        streams = list(container.streams)[:MAX_STREAMS]
        picture = _choose_picture(streams, program, name)
        frames, decoded_packets = _first_frames(container, picture)
        content_nits, display_nits = brightness_of(frames)
        return SourceFacts(
            format=container.format.name.split(",")[0],
            picture=_picture(container, picture, frames, name),
            is_reordered=bool(picture.codec_context.has_b_frames),
            hdr=sorted(
                {HDR_METADATA[each.type.name] for frame in frames for each in frame.side_data if each.type.name in HDR_METADATA}
            ),
            content_nits=content_nits,
            display_nits=display_nits,
            streams=[_stream(each, program) for each in streams if each.index != picture.index],
            chapters=_chapters(container),
            metadata=_tags(container.metadata),
            decoded_packets=decoded_packets,
        )


def picture_of(path: Path, name: str, program: frozenset[int] | None) -> tuple[int, str]:
    """Return index and codec of the picture that is described.

    Args:
        path: the file.
        name: for messages.
        program: ids of the streams of the first program; None for all.

    Raises:
        BadInput: there is none, or no decoder for it.
    """
    with opened(path, name) as container:
        stream = _choose_picture(list(container.streams)[:MAX_STREAMS], program, name)
        return stream.index, _codec(stream)


def _choose_picture(streams: list[Any], program: frozenset[int] | None, name: str) -> Any:
    """Return the first video stream that is no cover and of the first program."""
    videos = [each for each in streams if each.type == "video" and not _is_cover(each)]
    if not videos:
        raise BadInput(Code.SOURCE_WITHOUT_VIDEO, input=name)
    mine = [each for each in videos if program is None or each.id in program] or videos
    chosen = next((each for each in mine if each.codec_context is not None), None)
    if chosen is None:
        raise BadInput(Code.SOURCE_CODEC_UNKNOWN, input=name, codec=UNKNOWN)
    return chosen


def _is_cover(stream: Any) -> bool:
    return bool({"attached_pic", "timed_thumbnails", "still_image"} & set(_dispositions(stream)))


def _first_frames(container: Any, stream: Any) -> tuple[list[Any], int]:
    """Decode the first frames, as far as they are there and undamaged; returns them and the number of packets."""
    from av.error import FFmpegError

    frames: list[Any] = []
    decoded = 0
    stream.codec_context.thread_count = 1
    try:
        for number, packet in enumerate(container.demux(stream)):
            if number >= _FIRST_PACKETS or len(frames) >= _FIRST_FRAMES:
                break
            decoded += bool(packet.size)
            try:
                frames += packet.decode()
            except FFmpegError as error:
                if isinstance(error, OSError | MemoryError):
                    raise
    except FFmpegError as error:
        if isinstance(error, OSError | MemoryError):
            raise
    return frames[:_FIRST_FRAMES], decoded


def _picture(container: Any, stream: Any, frames: list[Any], name: str) -> Picture:
    context = stream.codec_context
    first = frames[0] if frames else None
    width, height = (first.width, first.height) if first else (context.width, context.height)
    pix_fmt = first.format.name if first else context.pix_fmt
    if not pix_fmt or not width or not height:
        raise BadInput(Code.SOURCE_CODEC_UNKNOWN, input=name, codec=_codec(stream))
    if max(width, height) > MAX_SIDE_PX:
        raise BadInput(Code.SOURCE_TOO_LARGE, input=name, width_px=width, height_px=height, limit_px=MAX_SIDE_PX)
    aspect = stream.sample_aspect_ratio
    return Picture(
        index=stream.index, codec=_codec(stream), width=width, height=height, pix_fmt=pix_fmt,
        time_base=_ratio(stream.time_base), file_start_us=container.start_time or 0,
        frame_rate=_ratio(stream.average_rate or stream.guessed_rate or Fraction(25)),
        rotation=_rotation(first), pixel_aspect=_ratio(aspect if aspect and aspect > 0 else Fraction(1)),
        is_interlaced=context.field_order in _INTERLACED_ORDERS or any(frame.interlaced_frame for frame in frames),
        colour_range=RANGES.get(context.color_range), colour_space=SPACES.get(context.colorspace),
        colour_primaries=PRIMARIES.get(context.color_primaries), colour_transfer=TRANSFERS.get(context.color_trc),
    )  # fmt: skip


def _rotation(frame: Any) -> int:
    """Return the clockwise rotation for display; PyAV tells the counter-clockwise one."""
    return 0 if frame is None else round(-frame.rotation / 90) * 90 % 360


def _stream(stream: Any, program: frozenset[int] | None) -> StreamFacts:
    kind: _Type = _TYPES.get(stream.type, "data")
    language = stream.metadata.get("language")
    return StreamFacts(
        index=stream.index, type=kind, codec=_codec(stream),
        language=language[:MAX_TEXT_CHARS] if language and language != "und" else None,
        title=stream.metadata.get("title", "")[:MAX_TEXT_CHARS] or None,
        dispositions=_dispositions(stream), is_of_program=program is None or stream.id in program,
        is_decodable=stream.codec_context is not None,
    )  # fmt: skip


def _codec(stream: Any) -> str:
    if stream.codec_context is None:
        return UNKNOWN
    codec: str = stream.codec_context.codec.canonical_name
    return codec


def _dispositions(stream: Any) -> list[str]:
    from av.stream import Disposition

    return [each.name for each in Disposition if each.name and each in stream.disposition]


def _chapters(container: Any) -> list[Chapter]:
    return [
        Chapter(
            start_ms=round(each["start"] * each["time_base"] * 1000), end_ms=round(each["end"] * each["time_base"] * 1000),
            title=each["metadata"].get("title", "")[:MAX_TEXT_CHARS],
        )
        for each in container.chapters()[:MAX_CHAPTERS]
    ]  # fmt: skip


def _tags(found: dict[str, str]) -> dict[str, str]:
    kept = [(key, value) for key, value in found.items() if key.lower() not in _OF_CONTAINER and len(key) <= MAX_TEXT_CHARS]
    return {key: value[:MAX_TEXT_CHARS] for key, value in kept[:MAX_TAGS]}


def _ratio(fraction: Fraction) -> Ratio:
    """Return the fraction; one whose parts are too large for ffmpeg becomes the nearest simpler one."""
    near = fraction if max(fraction.numerator, fraction.denominator) < 2**31 else fraction.limit_denominator(10**6)
    return near.numerator, near.denominator
