"""Times of a joined picture's packets."""

from itertools import pairwise
from random import Random

from hypothesis import given, strategies as st

from container_worker.media.transcode.joining.times import decoding_of, decoding_times, durations

_PTS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40, unique=True).map(sorted)


@given(_PTS, st.randoms(use_true_random=False), st.integers(1, 10**6))
def test_packets_are_decoded_in_order_and_before_they_are_shown(pts: list[int], random: Random, last: int) -> None:
    """DTS increase, none is later than its packet's PTS, and they span the whole, in whatever order the frames are coded."""
    ranks = list(range(len(pts)))
    random.shuffle(ranks)
    decoding = decoding_of(pts, ranks, last)
    times = list(decoding_times(pts, decoding))
    assert all(earlier < later for earlier, later in pairwise(times))
    assert all(dts <= pts[rank] for dts, rank in zip(times, ranks, strict=True))
    assert times[-1] + decoding.rest - times[0] >= pts[-1] + last - pts[0]
    assert pts[ranks[-1]] + decoding.rest <= pts[-1] + last or decoding.rest == 1


def test_frames_of_equal_length_are_decoded_at_equal_distances() -> None:
    """The first packet is as early as the reordering needs, and the last packet as long as the others."""
    pts, ranks = list(range(0, 60, 10)), [0, 4, 2, 1, 3, 5]
    decoding = decoding_of(pts, ranks, 10)
    assert decoding == (2, 20, 10)
    assert list(decoding_times(pts, decoding)) == [-20, -10, 0, 10, 20, 30]


def test_a_long_last_frame_counts_though_another_is_decoded_last() -> None:
    """The length of the track is the length for which it is shown."""
    pts, ranks = [0, 10, 20, 30], [0, 1, 3, 2]
    decoding = decoding_of(pts, ranks, 500)
    times = list(decoding_times(pts, decoding))
    assert times[-1] + decoding.rest - times[0] == 530
    assert decoding.lead == 10


@given(_PTS, st.integers(1, 1000))
def test_frames_are_shown_until_the_next(pts: list[int], last: int) -> None:
    """The durations add up to the whole."""
    assert sum(durations(pts, last)) == pts[-1] + last - pts[0]
