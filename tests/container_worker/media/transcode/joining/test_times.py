"""Times of a joined picture's packets."""

from itertools import pairwise

from hypothesis import given, strategies as st

from container_worker.media.transcode.joining.times import decoding_times, durations, reorder_depth

_PTS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40, unique=True).map(sorted)


@given(_PTS, st.randoms(use_true_random=False))
def test_packets_are_decoded_in_order_and_before_they_are_shown(pts: list[int], random: object) -> None:
    """DTS increase, and none is later than its packet's PTS, in whatever order the frames are coded."""
    ranks = list(range(len(pts)))
    random.shuffle(ranks)  # type: ignore[attr-defined]
    times = list(decoding_times(pts, reorder_depth(ranks)))
    assert all(earlier < later for earlier, later in pairwise(times))
    assert all(dts <= pts[rank] for dts, rank in zip(times, ranks, strict=True))


@given(_PTS, st.integers(1, 1000))
def test_frames_are_shown_until_the_next(pts: list[int], last: int) -> None:
    """The durations add up to the whole."""
    assert sum(durations(pts, last)) == pts[-1] + last - pts[0]
