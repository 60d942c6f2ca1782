"""The division of a source into segments."""

from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given, settings, strategies as st

from container_worker.media.transcode.planning.dividing import RUN_UP_FRAMES, TAIL_FRAMES, Frames, divide, whole

_BRIEFLY = settings(max_examples=50, deadline=None)


def _steady(count: int, key_every: int, *, step: int = 40, first: int = 0) -> Frames:
    """Frames of 40 ms each, with a keyframe every so many."""
    return Frames([first + step * number for number in range(count)], range(0, count, key_every), step, time_base=(1, 1000))


@st.composite
def _films(draw: st.DrawFn) -> Frames:
    """Films of one frame or many, of a steady rate or not, that begin anywhere, with keyframes anywhere or nowhere."""
    steps = draw(st.lists(st.sampled_from([1, 33, 40, 40, 40, 500, 90_000]), max_size=300))
    pts = list(accumulate(steps, initial=draw(st.integers(-(2**33), 2**33))))
    keyframes = sorted(draw(st.sets(st.integers(0, len(pts) - 1), max_size=30)) | {0})
    return Frames(
        pts, keyframes, draw(st.integers(1, 500)), time_base=draw(st.sampled_from([(1, 1000), (1, 90), (1001, 30_000)]))
    )


@_BRIEFLY
@given(film=_films(), segment_s=st.floats(1, 600))
@example(film=Frames([7], [0]), segment_s=1.0)
def test_segments_have_every_frame_exactly_once(film: Frames, segment_s: float) -> None:
    """By their intervals of PTS as well as by their positions, whatever the film and the length are."""
    segments = divide(film, segment_s)
    assert [segment.number for segment in segments] == list(range(len(segments)))
    taken: list[int] = []
    for segment in segments:
        assert segment.start_pts is not None
        end = film.end_pts if segment.end_pts is None else segment.end_pts
        inside = [position for position, pts in enumerate(film.pts) if segment.start_pts <= pts < end]
        assert inside == list(range(segment.first_frame, segment.first_frame + segment.frames))
        taken += inside
    assert taken == list(range(len(film)))
    assert segments[-1].end_pts is None


@_BRIEFLY
@given(film=_films(), segment_s=st.floats(1, 600))
def test_run_up_and_tail_are_the_frames_around_a_segment(film: Frames, segment_s: float) -> None:
    """As many as there are, counted and by PTS; decoding begins at a keyframe at or before the run-up."""
    for segment in divide(film, segment_s):
        first, end = segment.first_frame, segment.first_frame + segment.frames
        assert segment.lead_frames == min(RUN_UP_FRAMES, first)
        assert segment.lead_pts == film.pts[first - segment.lead_frames]
        assert segment.tail_frames == min(TAIL_FRAMES, len(film) - end)
        behind = end + segment.tail_frames
        assert segment.tail_pts == (film.pts[behind] if behind < len(film) else None)
        if segment.seek_pts is not None:
            keys = [film.pts[key] for key in film.keyframes if film.pts[key] <= segment.lead_pts]
            assert segment.seek_pts == keys[-1]


@_BRIEFLY
@given(film=_films(), segment_s=st.floats(1, 600))
def test_no_segment_is_tiny_and_keyframes_are_apart(film: Frames, segment_s: float) -> None:
    """Half as long as asked for, and twelve frames, unless it is the only one; within it no keyframes within a second."""
    segments = divide(film, segment_s)
    for segment in segments:
        end = film.end_pts if segment.end_pts is None else segment.end_pts
        assert segment.start_pts is not None
        if len(segments) > 1:
            assert segment.frames >= 12
            assert (end - segment.start_pts) * Fraction(*film.time_base) >= Fraction(segment_s) / 2
        times = [film.pts[segment.first_frame + each] for each in segment.keyframes]
        assert times[0] == segment.start_pts
        # Between two frames of the grid there may be less than its step, where one of them is late.
        assert all(later > earlier for earlier, later in pairwise(times))
        assert all((time - times[0]) * Fraction(*film.time_base) >= 1 for time in times[1:])
        assert all((end - time) * Fraction(*film.time_base) >= 1 for time in times[1:])


def test_cuts_are_at_keyframes_near_the_length_asked_for() -> None:
    """Keyframes every 2.4 s, segments of 10 s: after 9.6, 19.2, 28.8 … s."""
    segments = divide(_steady(1500, 60), 10)
    assert [segment.first_frame for segment in segments] == [0, 240, 480, 720, 1020, 1260]
    assert [segment.seek_pts for segment in segments][1:3] == [180 * 40, 420 * 40]


def test_without_a_keyframe_nearby_cuts_are_anywhere() -> None:
    """One keyframe in the whole film: at the first frame at or after each multiple."""
    segments = divide(_steady(1000, 1000), 9.99)
    assert [segment.first_frame for segment in segments] == [0, 250, 500, 750]
    assert {segment.seek_pts for segment in segments} == {None}


def test_the_rest_is_added_to_the_last_segment() -> None:
    """Four seconds of ten are too short for a segment of their own, five are not."""
    assert [segment.frames for segment in divide(_steady(600, 25), 10)] == [250, 350]
    assert [segment.frames for segment in divide(_steady(625, 25), 10)] == [250, 250, 125]


def test_keyframes_stand_every_two_seconds_of_the_film() -> None:
    """Wherever the segments begin; none follows the beginning of a segment within a second."""
    segments = divide(_steady(500, 240), 10)
    assert [segment.first_frame for segment in segments] == [0, 240]
    assert [segment.keyframes for segment in segments] == [[0, 50, 100, 150, 200], [0, 60, 110, 160, 210]]


def test_few_frames_a_second_make_longer_segments() -> None:
    """One frame a second, segments of a second: twelve frames each, not one with 70 around it."""
    segments = divide(_steady(60, 1, step=1000), 1)
    assert [segment.frames for segment in segments] == [12] * 5


def test_a_film_of_one_frame_is_one_segment() -> None:
    """Without end and without anything around it."""
    (segment,) = divide(Frames([5], [0], 40), 60)
    assert (segment.start_pts, segment.end_pts, segment.frames, segment.seek_pts) == (5, None, 1, None)


@pytest.mark.parametrize(("rate", "keyframes"), [((25, 1), [0, 50, 100]), ((30000, 1001), [0, 60, 120]), ((1, 9), [*range(130)])])
def test_a_source_that_is_not_divided_is_one_segment(rate: tuple[int, int], keyframes: list[int]) -> None:
    """Without times, and with keyframes about every two seconds."""
    segment = whole(130, rate)
    assert (segment.start_pts, segment.end_pts, segment.frames, segment.keyframes) == (None, None, 130, keyframes)
