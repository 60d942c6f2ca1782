"""Puts the plan of a source together, and the items that carry it out."""

import math
from collections.abc import Iterable
from fractions import Fraction

from container_worker.codes import Code
from container_worker.media.transcode.planning.captions import choose_captions
from container_worker.media.transcode.planning.dividing import Frames, divide, whole
from container_worker.media.transcode.planning.frame_table import INPUT, NotDivided, count_frames, find_frames
from container_worker.media.transcode.planning.ladder import choose_renditions, with_codec
from container_worker.media.transcode.planning.spans import add_ranges
from container_worker.media.transcode.planning.stills import choose_stills, with_positions
from container_worker.media.transcode.planning.tone_mapping import choose_tone_map
from container_worker.media.transcode.planning.tracks import choose_tracks
from container_worker.media.transcode.probing.facts import SourceFacts
from container_worker.media.transcode.probing.packets import Packets
from scenequeue.errors import BadInput
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.plan import Segment, TranscodePlan
from scenequeue.jobs.transcode.source import Picture, SourceFile, Watermark
from scenequeue.reasons import Reason

#: HDR metadata that no encoder of ours writes.
_HDR_LOST = frozenset({"hdr10_plus", "dolby_vision", "hdr_vivid"})
#: Pixels of a frame of weight 1 a second.
_FULL_HD_PX = 1920 * 1080
_LEAST_WEIGHT = 0.001
_MICROSECONDS = 1_000_000
#: Longest length that is believed of a source without times, in seconds.
_MAX_SECONDS = 1e6


def make_plan(
    facts: SourceFacts,
    packets: Packets,
    options: TranscodeOptions,
    *,
    source: SourceFile,
    output: str,
    stem: str,
    encoder: str,
    watermark: Watermark | None = None,
) -> TranscodePlan:
    """Return the plan of a source.

    Args:
        facts: what the child has found.
        packets: of the picture.
        options: of the transcoding.
        source: the file.
        output: URI prefix of the final files, without a final slash.
        stem: first part of their names.
        encoder: version of the ffmpeg that will encode.
        watermark: that is laid on the frames.

    Raises:
        BadInput: it cannot be transcoded.
    """
    options, codec_notes = with_codec(options, facts.picture)
    ladder = choose_renditions(options, facts.picture, output, stem)
    tracks, track_notes = choose_tracks(facts.streams, options)
    stills = choose_stills(options, facts, ladder.renditions[0])
    captions, captions_notes = choose_captions(facts.streams, options)
    frames, notes = _frames(facts, packets, options)
    count, rate = count_frames(packets), facts.picture.frame_rate
    segments = add_ranges(divide(frames, options.segment_s), packets, facts, source.bytes) if frames else [whole(count, rate)]
    tone_map, tone_notes = choose_tone_map(options, facts)
    notes += [*_source_notes(facts, options, is_mapped=tone_map is not None), *tone_notes, *codec_notes, *ladder.notes]
    notes += [*track_notes, *captions_notes]
    return TranscodePlan(
        source=source,
        picture=facts.picture,
        container=options.container,
        hls=options.hls,
        renditions=ladder.renditions,
        segments=with_positions(segments, stills, frames, count, rate),
        tone_map=tone_map,
        watermark=watermark,
        stills=stills,
        tracks=tracks,
        captions=captions,
        chapters=facts.chapters,
        metadata=facts.metadata,
        frame_pts=list(frames.pts) if frames else [],
        last_duration=frames.last_duration if frames else 1,
        origin_pts=_origin_pts(facts.picture, frames),
        encoder=encoder,
        notes=[note.to_json() for note in notes],
    )


def _origin_pts(picture: Picture, frames: Frames | None) -> int:
    """Return the time that becomes 0, in ticks of the picture: the start of the file, or of a picture that begins before zero.

    Players of MP4 show nothing before the first frame, and the clock of a broadcast may begin at any hour.
    """
    start_s = Fraction(max(0, picture.file_start_us), _MICROSECONDS)
    start_pts = math.floor(start_s / Fraction(*picture.time_base))
    return min(start_pts, frames.pts[0]) if frames else start_pts


def items_of(plan: TranscodePlan, work: str) -> list[WorkItem]:
    """Return the items of the next stage: the segments and the tracks, the longest first.

    Args:
        plan: the source's plan.
        work: URI prefix of its working files.
    """
    items = [*_encode_items(plan, work), *_audio_items(plan, work), *_captions_items(plan, work)]
    # Stable, so that equal ones stay in the film's order.
    return sorted(items, key=lambda item: -item.weight)


def source_seconds(plan: TranscodePlan) -> float:
    """Return the length of the picture, in seconds."""
    return max(_LEAST_WEIGHT, sum(_segment_seconds(plan, segment) for segment in plan.segments))


def _frames(facts: SourceFacts, packets: Packets, options: TranscodeOptions) -> tuple[Frames | None, list[Reason]]:
    """Return the frames, or None with the reason that the source is not divided."""
    if not count_frames(packets):
        raise BadInput(Code.SOURCE_WITHOUT_FRAMES, input=INPUT)
    if options.codec == "copy":
        return None, [Reason(Code.NOT_DIVIDED_COPIED)]
    try:
        return find_frames(packets, facts)
    except NotDivided as error:
        return None, [error.reason]


def _source_notes(facts: SourceFacts, options: TranscodeOptions, *, is_mapped: bool) -> list[Reason]:
    notes = [Reason(Code.SOURCE_ENDS_EARLY)] if facts.ends_early else []
    notes += [
        Reason(Code.TEXTS_NOT_UTF8, {"stream": each.index, "codec": each.codec, "texts": each.unreadable_texts})
        for each in facts.streams
        if each.unreadable_texts and each.is_of_program
    ]
    if options.codec != "copy":
        notes += [Reason(Code.HDR_LEFT_OUT, {"kind": kind}) for kind in facts.hdr if kind in _HDR_LOST and not is_mapped]
        notes += [Reason(Code.DEINTERLACED)] if facts.picture.is_interlaced else []
    return notes


def _encode_items(plan: TranscodePlan, work: str) -> Iterable[WorkItem]:
    frame_px = sum(rendition.width * rendition.height for rendition in plan.renditions)
    shared = {
        **plan.model_dump(mode="json", include={"source", "picture", "renditions", "encoder"}), "work": work,
        "source_s": source_seconds(plan),
        **plan.model_dump(mode="json", include={"tone_map", "watermark", "stills"}, exclude_none=True),
    }  # fmt: skip
    for segment in plan.segments:
        payload = {**shared, "segment": segment.model_dump(mode="json"), "brings_joins": segment.number == 0}
        weight = max(_LEAST_WEIGHT, _segment_seconds(plan, segment) * frame_px / _FULL_HD_PX)
        yield WorkItem(kind="encode", name=f"segment {segment.number}", weight=round(weight, 3), payload=payload)


def _audio_items(plan: TranscodePlan, work: str) -> Iterable[WorkItem]:
    source, weight = plan.source.model_dump(mode="json"), round(source_seconds(plan), 3)
    for track in plan.tracks:
        payload = {"source": source, "track": track.model_dump(mode="json"), "work": work, "ranges": []}
        yield WorkItem(kind="audio", name=f"track {track.index}", weight=weight, payload=payload)


def _captions_items(plan: TranscodePlan, work: str) -> Iterable[WorkItem]:
    if plan.captions:
        payload = {
            **plan.model_dump(mode="json", include={"source", "captions", "origin_pts"}), "time_base": plan.picture.time_base,
            "work": work,
        }  # fmt: skip
        yield WorkItem(kind="captions", name="subtitles", weight=round(source_seconds(plan), 3), payload=payload)


def _segment_seconds(plan: TranscodePlan, segment: Segment) -> float:
    if not plan.frame_pts:
        return min(_MAX_SECONDS, float(segment.frames / Fraction(*plan.picture.frame_rate)))
    return plan.seconds_between(segment.first_frame, segment.first_frame + segment.frames)
