"""Decides which frames become pictures beside the videos: those of the sprite sheet, and those that may become the poster."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fractions import Fraction

from container_worker.media.transcode.planning.dividing import Frames, grid
from container_worker.media.transcode.planning.tone_mapping import HDR_TRANSFERS, usual_tone_map
from container_worker.media.transcode.probing.facts import SourceFacts
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.plan import Rendition, Segment, Stills
from scenequeue.jobs.transcode.source import Ratio

#: Most pictures of a sheet: as many fit into one JPEG that players load at once.
MAX_SPRITES = 200
#: Longer side of a picture of the sheet.
SPRITE_PX = 160
#: Seconds between two pictures: the least that gives no more of them. Beyond, whole minutes.
_INTERVALS_S = (1, 2, 5, 10, 15, 20, 30, 45, 60)
#: Places of frames that may become the poster, in hundredths of the film; short films have the first of them only.
_POSTER_PLACES = (20, 50, 80, 10, 30, 15, 25, 65, 35)
#: A frame that is written as a JPEG in full size costs about as much as to encode it: one more of so many costs 2 %.
_FRAMES_PER_POSTER, _FEWEST_POSTERS = 50, 3


def choose_stills(options: TranscodeOptions, facts: SourceFacts, largest: Rendition) -> Stills | None:
    """Return the pictures to make, None for none.

    Args:
        options: of the transcoding.
        facts: of the source.
        largest: the largest rendition.
    """
    if not (options.poster or options.sprites):
        return None
    stays_hdr = facts.picture.colour_transfer in HDR_TRANSFERS and not options.tone_map
    return Stills(
        sprite_px=sprite_size(largest.width, largest.height) if options.sprites else None,
        has_poster=options.poster,
        tone_map=usual_tone_map(facts) if stays_hdr else None,
    )


def sprite_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of a picture of the sheet: like the video, both sides even."""
    longer = max(width, height)
    small_width, small_height = (max(2, 2 * round(Fraction(side * SPRITE_PX, 2 * longer))) for side in (width, height))
    return small_width, small_height


def interval_s(length_s: float) -> int:
    """Return the seconds between two pictures of the sheet of a film of this length."""
    fitting = (each for each in _INTERVALS_S if length_s <= each * MAX_SPRITES)
    minutes = -(-length_s // (60 * MAX_SPRITES))
    return next(fitting, 60 * max(1, int(minutes)))


def with_positions(
    segments: Iterable[Segment], stills: Stills | None, frames: Frames | None, frame_count: int, frame_rate: Ratio
) -> list[Segment]:
    """Return the segments with the positions of the frames that become pictures.

    Args:
        segments: of the source.
        stills: the pictures.
        frames: of the source; None if it is not divided.
        frame_count: as far as it is known.
        frame_rate: frames per second.
    """
    if stills is None:
        return list(segments)
    if frames:
        sprites, posters = _sprites(frames), _posters(frames)
    else:
        sprites, posters = _sprites_by_count(frame_count, frame_rate), _posters_by_count(frame_count)
    return [
        segment.model_copy(update={
            "sprites": _within(segment, sprites) if stills.sprite_px else [],
            "posters": _within(segment, posters) if stills.has_poster else [],
        })
        for segment in segments
    ]  # fmt: skip


def _sprites(frames: Frames) -> list[int]:
    """Return the first frame at or after each multiple of the interval, each once."""
    length = frames.end_pts - frames.pts[0]
    return list(grid(frames, frames.ticks(interval_s(frames.seconds(length)))))


def _sprites_by_count(frame_count: int, frame_rate: Ratio) -> list[int]:
    per_s = Fraction(*frame_rate)
    step = max(1, round(interval_s(float(frame_count / per_s)) * per_s), -(-frame_count // MAX_SPRITES))
    return list(range(0, max(1, frame_count), step))


def _posters(frames: Frames) -> list[int]:
    length = frames.end_pts - frames.pts[0]
    times = [frames.pts[0] + Fraction(length * place, 100) for place in _places(len(frames))]
    return sorted({min(len(frames) - 1, bisect_left(frames.pts, time)) for time in times})


def _posters_by_count(frame_count: int) -> list[int]:
    return sorted({frame_count * place // 100 for place in _places(frame_count)})


def _places(frame_count: int) -> Sequence[int]:
    return _POSTER_PLACES[: max(_FEWEST_POSTERS, frame_count // _FRAMES_PER_POSTER)]


def _within(segment: Segment, positions: Iterable[int]) -> list[int]:
    end = segment.first_frame + segment.frames
    return [position - segment.first_frame for position in positions if segment.first_frame <= position < end]
