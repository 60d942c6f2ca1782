"""Packets that are decoded: enough for the frames around every join, and no more than from the keyframe before."""

from itertools import pairwise

from hypothesis import given, strategies as st

from container_worker.media.transcode.packet_table import ranks_of
from container_worker.media.transcode.verify.decoding_runs import runs_for
from container_worker.media.transcode.verify.tables import Packets


@st.composite
def _pictures(draw: st.DrawFn) -> tuple[Packets, list[int]]:
    """Closed groups of pictures, reordered within, and joins at some of their beginnings."""
    packets, begins = Packets("h264", "", (1, 25)), []
    for length in draw(st.lists(st.integers(1, 12), min_size=1, max_size=12)):
        first = len(packets.pts)
        begins.append(first)
        packets.pts += [first, *draw(st.permutations(range(first + 1, first + length)))]
        packets.keys += [True, *[False] * (length - 1)]
    joins = draw(st.lists(st.sampled_from(begins), unique=True))
    return packets, joins


@given(_pictures())
def test_every_frame_at_a_join_is_decoded_from_a_keyframe(picture: tuple[Packets, list[int]]) -> None:
    """Runs begin at keyframes, do not overlap, and hold the packets of all frames that they must give."""
    packets, joins = picture
    runs, ranks, count = runs_for(packets, joins), ranks_of(packets.pts), len(packets.pts)
    wanted = {rank for join in [0, *joins, count] for rank in range(max(0, join - 2), min(count, join + 2))}
    assert wanted <= {rank for run in runs for rank in run.wanted}
    for run in runs:
        assert packets.keys[run.begin]
        assert run.wanted <= {ranks[position] for position in range(run.begin, run.end)}
    assert all(one.end <= other.begin for one, other in pairwise(runs))


def test_long_groups_are_decoded_only_where_they_are_joined() -> None:
    """A join in 2,000 frames with a keyframe each 250: the group before it, two frames behind it, the ends, and keyframes."""
    packets = Packets("h264", "", (1, 25), pts=list(range(2000)), keys=[at % 250 == 0 for at in range(2000)])
    runs = runs_for(packets, [0, 1000])
    assert sum(run.end - run.begin for run in runs) == 2 * 250 + 2 + 2 + 4


def test_many_joins_are_one_pass_over_the_picture() -> None:
    """Not a search among all keyframes for each, which took minutes: 20,000 segments of a second."""
    packets = Packets("h264", "", (1, 5), pts=list(range(100_000)), keys=[at % 5 == 0 for at in range(100_000)])
    (run,) = runs_for(packets, range(0, 100_000, 5))
    assert (run.begin, run.end, len(run.wanted)) == (0, 100_000, 80_000)


def test_a_picture_without_keyframes_cannot_be_decoded() -> None:
    """Its frames are wanted all the same, so that they are missing."""
    packets = Packets("h264", "", (1, 25), pts=[0, 1, 2], keys=[False] * 3)
    assert {rank for run in runs_for(packets, [0]) for rank in run.wanted} == {0, 1, 2}
    assert runs_for(Packets("h264", "", (1, 25)), []) == []


def test_some_frames_are_decoded_if_all_are_keyframes() -> None:
    """As many as there are in a usual film."""
    packets = Packets("h264", "", (1, 25), pts=list(range(1000)), keys=[True] * 1000)
    assert sum(len(run.wanted) for run in runs_for(packets, [0])) < 30
