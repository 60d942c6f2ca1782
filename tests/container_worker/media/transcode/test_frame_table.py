"""The frames that a source shows, found from its packets."""

from collections.abc import Iterable

import pytest

from container_worker.media.transcode.planning.dividing import Frames
from container_worker.media.transcode.planning.frame_table import NotDivided, find_frames
from container_worker.media.transcode.probing.facts import SourceFacts
from container_worker.media.transcode.probing.packets import NO_TIME, Flag, Packets, Row
from scenequeue.errors import BadInput
from tests.container_worker.media.transcode.sources import picture, source

_KEY, _HIDDEN, _CUT, _NONE = Flag.KEY, Flag.HIDDEN, Flag.CUT, Flag(0)


def _packets(rows: Iterable[tuple[int, Flag]]) -> Packets:
    packets = Packets()
    for number, (pts, flags) in enumerate(rows):
        packets.append(Row(pts, number, number * 100, 100, flags))
    return packets


def _find(rows: Iterable[tuple[int, Flag]], facts: SourceFacts | None = None) -> tuple[Frames, list[str]]:
    frames, notes = find_frames(_packets(rows), facts or source())
    return frames, [str(note.code) for note in notes]


def _refusal(rows: Iterable[tuple[int, Flag]], facts: SourceFacts | None = None) -> str:
    with pytest.raises((NotDivided, BadInput)) as refusal:
        _find(rows, facts)
    return str(refusal.value.reason.code)


def test_frames_are_in_the_order_in_which_they_are_shown() -> None:
    """Packets are in the order of decoding; keyframes are named by their position among the shown."""
    frames, notes = _find([(0, _KEY), (120, _NONE), (40, _NONE), (80, _NONE), (160, _KEY)])
    assert (list(frames.pts), list(frames.keyframes), frames.last_duration) == ([0, 40, 80, 120, 160], [0, 4], 40)
    assert notes == []


def test_hidden_packets_are_no_frames() -> None:
    """An edit list begins behind their keyframe."""
    frames, notes = _find([(-80, _KEY | _HIDDEN), (-40, _HIDDEN), (0, _NONE), (40, _NONE)])
    assert (list(frames.pts), list(frames.keyframes), notes) == ([0, 40], [], [])


def test_frames_before_the_first_keyframe_are_left_out_and_named() -> None:
    """A recording that began anywhere; those behind the keyframe in the file but before it in time need what is missing."""
    rows = [(0, _NONE), (40, _NONE), (160, _KEY), (80, _NONE), (120, _NONE), (200, _NONE)]
    frames, notes = _find(rows)
    assert (list(frames.pts), notes) == ([160, 200], ["source_starts_late"])
    frames, notes = _find(rows[2:], source(has_leading_frames=True))
    assert (list(frames.pts), notes) == ([80, 120, 160, 200], [])


def test_frames_behind_the_files_end_are_left_out_and_named() -> None:
    """And those that are shown after one of them."""
    frames, notes = _find([(0, _KEY), (160, _NONE), (40, _NONE), (80, _CUT), (120, _CUT)])
    assert (list(frames.pts), notes) == ([0, 40], ["source_cut_short"])


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(0, _KEY), (NO_TIME, _NONE)], "not_divided_pts_missing"),
        ([(0, _KEY), (40, _NONE), (40, _NONE)], "not_divided_pts_repeated"),
        ([(0, _NONE), (40, _NONE)], "not_divided_no_keyframe"),
        ([], "source_without_frames"),
        ([(0, _KEY | _HIDDEN)], "source_without_frames"),
        ([(0, _KEY | _CUT)], "source_without_frames"),
        ([(0, _KEY), (25 * 3600 * 1000, _NONE)], "source_too_long"),
    ],
)
def test_times_that_cannot_be_relied_on_are_named(rows: list[tuple[int, Flag]], code: str) -> None:
    """The source is encoded as a whole, or refused."""
    assert _refusal(rows) == code


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (source("h264"), "not_divided_elementary"),
        (source("asf"), "not_divided_format"),
        (source("avi", is_reordered=True), "not_divided_avi"),
        (source("avi", is_packed=True, picture=picture(codec="mpeg4")), "not_divided_packed"),
    ],
)
def test_formats_that_cannot_be_read_exactly_are_not_divided(facts: SourceFacts, code: str) -> None:
    """The note has the reason."""
    assert _refusal([(0, _KEY), (40, _NONE)], facts) == code


@pytest.mark.parametrize("back_to", [(0, _KEY), (0, _NONE), (88_000, _KEY)])
def test_a_clock_that_is_set_back_is_refused(back_to: tuple[int, Flag]) -> None:
    """No frame behind that place has a time; a keyframe is never shown before what stands before it."""
    with pytest.raises(BadInput, match="its clock is set back"):
        _find([(90_000, _KEY), (90_040, _NONE), back_to])


def test_a_long_gap_is_a_jump_of_the_clock_in_a_broadcast_alone() -> None:
    """Elsewhere a picture may stand for as long as it wants."""
    rows = [(0, _KEY), (40, _NONE), (60_000, _KEY)]
    assert _refusal(rows, source("mpegts")) == "not_divided_pts_reset"
    assert len(_find(rows)[0]) == 3


def test_the_last_frames_duration_is_the_packets() -> None:
    """Without one, the usual distance of frames."""
    rows = [(0, _KEY), (40, _NONE), (80, _NONE), (500, _NONE)]
    assert _find(rows, source(last_duration=25))[0].last_duration == 25
    assert _find(rows)[0].last_duration == 40
    assert _find(rows[:1])[0].last_duration == 1
