"""Finds the frames that a source shows from its packets, or why it cannot be divided."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from container_worker.codes import Code
from container_worker.media.transcode.planning.dividing import Frames
from container_worker.media.transcode.probing.facts import SourceFacts
from container_worker.media.transcode.probing.packets import NO_TIME, Flag, Packets, Row
from scenequeue.errors import BadInput
from scenequeue.reasons import Reason

#: Name of the source in messages.
INPUT = "source"
#: Longest source, in seconds.
MAX_DURATION_S = 24 * 3600
#: Demuxers whose seeks reach every frame; measured.
_DIVIDED_FORMATS = frozenset({"mov", "matroska", "mpegts", "flv", "avi"})
#: Demuxers of streams without times.
_ELEMENTARY = frozenset({"h264", "hevc", "vvc", "m4v", "mpegvideo", "obu", "av1", "cavsvideo", "dirac", "vc1", "mjpeg"})
#: Formats whose clock may be set anew.
_BROADCAST = frozenset({"mpegts"})
#: Distance of two neighbouring frames in such a format, in seconds, from which on the clock was set anew.
_JUMP_S = 10
#: A frame that is shown this many seconds before one that stands before it was not reordered: the clock was set back.
#: A keyframe is shown after everything before it; one second is for files whose marks are not exact.
_BACK_S, _KEYFRAME_BACK_S = 5, 1
#: Most frames by which one is reordered (H.264, A.3.1 h: max_dec_frame_buffering).
_REORDERED_FRAMES = 16
#: A frame is not taken to last longer, in seconds.
_LONGEST_FRAME_S = 10


def find_frames(packets: Packets, facts: SourceFacts) -> tuple[Frames, list[Reason]]:
    """Return the frames that are shown, and notes on those that are not.

    Raises:
        NotDivided: the source cannot be divided. BadInput: there is nothing to encode, it is too long, or its clock is set back.
    """
    if not count_frames(packets):
        raise BadInput(Code.SOURCE_WITHOUT_FRAMES, input=INPUT)
    check_format(facts)
    first_key = next((row for row in packets if row.flags & Flag.KEY), None)
    if first_key is None:
        raise NotDivided(Code.NOT_DIVIDED_NO_KEYFRAME)
    missing = sum(row.pts == NO_TIME for row in packets if not row.flags & Flag.HIDDEN)
    if missing or first_key.pts == NO_TIME:
        raise NotDivided(Code.NOT_DIVIDED_PTS_MISSING, frames=missing or 1)
    _check_clock(packets, facts)
    notes: list[Reason] = []
    begin = None if facts.has_leading_frames else first_key.pts
    frames = _in_order(_decodable(packets, begin, notes), facts)
    if frames.seconds(frames.end_pts - frames.pts[0]) > MAX_DURATION_S:
        raise BadInput(Code.SOURCE_TOO_LONG, input=INPUT, limit_s=MAX_DURATION_S)
    return frames, notes


def count_frames(packets: Packets) -> int:
    """Return the number of packets that are shown."""
    return sum(not flags & Flag.HIDDEN for flags in packets.flags)


class NotDivided(Exception):
    """The source is encoded as a whole; `reason` says why."""

    def __init__(self, code: Code, **parameters: str | int) -> None:
        self.reason = Reason(code, parameters)
        super().__init__(code)


def check_format(facts: SourceFacts) -> None:
    """Check that sources of this format and codec can be divided.

    Raises:
        NotDivided: they cannot.
    """
    if facts.format in _ELEMENTARY:
        raise NotDivided(Code.NOT_DIVIDED_ELEMENTARY)
    if facts.format not in _DIVIDED_FORMATS:
        raise NotDivided(Code.NOT_DIVIDED_FORMAT, format=facts.format)
    # AVI has no PTS, and what is computed for these is wrong.
    if facts.format == "avi" and facts.is_reordered and facts.picture.codec in {"h264", "hevc"}:
        raise NotDivided(Code.NOT_DIVIDED_AVI)
    if facts.is_packed:
        raise NotDivided(Code.NOT_DIVIDED_PACKED)


def _check_clock(packets: Packets, facts: SourceFacts) -> None:
    """Check that no frame is shown long before one that stands before it.

    Raises:
        BadInput: the clock was set back; what follows has no place among what was before.
    """
    tick_s = Fraction(*facts.picture.time_base)
    frame_s = 1 / max(Fraction(*facts.picture.frame_rate), Fraction(1, _LONGEST_FRAME_S))
    back, keyframe_back = max(Fraction(_BACK_S), _REORDERED_FRAMES * frame_s) / tick_s, _KEYFRAME_BACK_S / tick_s
    latest = NO_TIME
    for row in packets:
        if not row.flags & Flag.HIDDEN:
            latest = max(latest, row.pts)
            if latest - row.pts > (keyframe_back if row.flags & Flag.KEY else back):
                raise BadInput(Code.SOURCE_CLOCK_SET_BACK, input=INPUT)


def _decodable(packets: Packets, begin: int | None, notes: list[Reason]) -> Iterator[Row]:
    """Yield the shown frames that a decoder can make: not those before the first keyframe, nor those behind the file's end.

    Args:
        packets: all packets.
        begin: PTS of the first keyframe; None if earlier frames can be decoded.
        notes: gets a note for each end at which frames are left out.
    """
    # Every frame from the time on at which one is incomplete: which of them can be decoded depends on the decoder.
    end = min((row.pts for row in packets if row.flags & Flag.CUT and row.pts != NO_TIME), default=None)
    early = late = 0
    for row in packets:
        if row.flags & Flag.HIDDEN:
            continue
        if end is not None and row.pts >= end:
            late += 1
        elif begin is not None and row.pts < begin:
            early += 1
        else:
            yield row
    if early:
        notes.append(Reason(Code.SOURCE_STARTS_LATE, {"frames": early}))
    if late:
        notes.append(Reason(Code.SOURCE_CUT_SHORT, {"frames": late}))


def _in_order(rows: Iterable[Row], facts: SourceFacts) -> Frames:
    """Sort the frames by PTS.

    Raises:
        NotDivided: times are repeated, or the clock was set anew. BadInput: there is no frame.
    """
    tick_s = Fraction(*facts.picture.time_base)
    # PTS and keyframe in one number, because millions of pairs would take much memory.
    packed = sorted(row.pts * 2 + bool(row.flags & Flag.KEY) for row in rows)
    if not packed:
        raise BadInput(Code.SOURCE_WITHOUT_FRAMES, input=INPUT)
    pts = [each >> 1 for each in packed]
    repeated = sum(earlier == later for earlier, later in pairwise(pts))
    if repeated:
        raise NotDivided(Code.NOT_DIVIDED_PTS_REPEATED, frames=repeated)
    if facts.format in _BROADCAST and any((later - earlier) * tick_s > _JUMP_S for earlier, later in pairwise(pts)):
        raise NotDivided(Code.NOT_DIVIDED_PTS_RESET)
    keyframes = [position for position, each in enumerate(packed) if each & 1]
    return Frames(pts, keyframes, facts.last_duration or _usual_step(pts), time_base=facts.picture.time_base)


def _usual_step(pts: Sequence[int]) -> int:
    """Return the median distance of frames, the best guess at a duration that is unknown."""
    steps = sorted(later - earlier for earlier, later in pairwise(pts))
    return steps[len(steps) // 2] if steps else 1
