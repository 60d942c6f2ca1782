"""The samples that stand for a source."""

from typing import Any

import pytest

from container_worker.media.transcode.planning.plan import make_plan
from container_worker.media.transcode.probing.packets import Flag, Packets, Row
from container_worker.media.transcode.quality.samples import SAMPLES, choose_samples
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.jobs.transcode.source import SourceFile
from tests.container_worker.media.transcode.sources import source


def _film(seconds: int, sizes: Any = lambda _second: 1000) -> tuple[TranscodePlan, Packets]:
    """A film of 25 frames a second, with a keyframe a second, whose frames have a size by their second."""
    packets = Packets()
    for number in range(25 * seconds):
        flags = Flag.KEY if number % 25 == 0 else Flag(0)
        packets.append(Row(40 * number, 40 * number, -1, sizes(number // 25), flags))
    file = SourceFile(uri="s3://b/film.mp4", bytes=1, version="1")
    options = TranscodeOptions(segment_s=600)
    return make_plan(source(last_duration=40), packets, options, source=file, output="s3://b", stem="film", encoder="9"), packets


def test_a_short_source_is_one_sample() -> None:
    """As it is encoded later."""
    plan, packets = _film(20)
    assert choose_samples(plan, packets) == plan.segments


@pytest.mark.parametrize("seconds", [21, 100, 601])
def test_samples_of_a_long_one_are_disjoint_spans_of_two_seconds(seconds: int) -> None:
    """In the film's order, each with the run-up of a segment, decoded from the keyframe at or before that."""
    samples = choose_samples(*_film(seconds))
    assert len(samples) == SAMPLES
    for number, each in enumerate(samples):
        assert (each.number, each.frames, each.first_frame % 50) == (number, 50, 0)
        lead = min(each.first_frame, 25)
        assert (each.start_pts, each.lead_frames) == (40 * each.first_frame, lead)
        assert each.lead_pts == (each.seek_pts or 0) == 40 * (each.first_frame - lead)
    ends = [0, *(each.first_frame + each.frames for each in samples)]
    assert all(end <= each.first_frame for end, each in zip(ends, samples, strict=False))


def test_hard_and_easy_scenes_are_sampled_by_their_share() -> None:
    """A quarter of the film, in one place, is hard: so is a quarter of the samples."""
    samples = choose_samples(*_film(200, lambda second: 9000 if 100 <= second < 150 else 1000))
    assert sum(2500 <= each.first_frame < 3750 for each in samples) in {2, 3}
