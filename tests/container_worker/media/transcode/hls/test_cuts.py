"""The choice of where segments begin, and of the shift of all times."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, strategies as st

from container_worker.media.transcode.hls.cuts import choose_cuts, cut_times_s, cuttable_keyframes, nearest, shift_of

TICK_S = Fraction(1, 1000)


def test_segments_last_six_seconds() -> None:
    """Of keyframes every two seconds every third is taken, also where frames do not fall on whole seconds."""
    pts = [round(number * 1001 / 30) for number in range(900)]
    keys = [0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 660, 720, 780, 840]
    assert choose_cuts(pts, 33, keys, TICK_S) == [0, 180, 360, 540, 720]


def test_a_keyframe_that_comes_too_late_is_taken_all_the_same() -> None:
    """A copied picture has keyframes where it has them."""
    pts = [number * 40 for number in range(1000)]
    assert choose_cuts(pts, 40, [0, 250, 300, 500], TICK_S) == [0, 250, 300, 500]
    assert choose_cuts(pts, 40, [0], TICK_S) == [0]
    assert choose_cuts(pts, 40, [], TICK_S) == [0]


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=300), st.data())
def test_cuts_are_keyframes_in_order(steps: list[int], data: st.DataObject) -> None:
    """A segment is longer than 6.49 s only if there is no keyframe before that."""
    pts = [sum(steps[:number]) for number in range(len(steps) + 1)]
    keys = sorted(data.draw(st.sets(st.integers(0, len(steps)))) | {0})
    cuts = choose_cuts(pts, 40, keys, TICK_S)
    assert cuts[0] == 0
    assert set(cuts) <= set(keys)
    assert cuts == sorted(set(cuts))
    for begin, end in pairwise([*cuts, len(pts)]):
        end_pts = pts[end] if end < len(pts) else pts[-1] + 40
        assert end_pts - pts[begin] <= 6490 or not [key for key in keys if begin < key < end]


def test_keyframes_with_frames_across_them_are_no_cuts() -> None:
    """All that is decoded before must be shown before; what an open group of pictures shows before its keyframe comes after."""
    #         IDR            open I, then frames that are shown before it; a key that is shown before an earlier one; a closed I
    pts = [0, 2, 1, 6, 4, 5, 8, 7, 9]
    keys = [True, False, False, True, False, False, False, True, True]
    assert list(cuttable_keyframes(pts, keys)) == [0, 3, 8]


def test_sound_is_cut_near_the_picture_and_on_behind_its_end() -> None:
    """Each fragment begins one segment at most."""
    times = cut_times_s([0, 6000, 12000], [0, 1, 2], TICK_S, Fraction(30))
    assert times == [0, 6, 12, 18, 24]
    starts = [Fraction(number, 2) for number in range(50)]
    assert nearest(starts, [Fraction(0), Fraction(61, 10), Fraction(62, 10), Fraction(100)]) == [0, 12, 49]


def test_the_shift_is_whole_and_makes_all_times_positive() -> None:
    """An encoder's first packet of sound is before zero."""
    assert [shift_of(Fraction(each)) for each in (Fraction(-1024, 48000), Fraction(-21, 10), 0, 5)] == [1, 3, 0, 0]
