"""The decision on a conversion of HDR to SDR."""

from typing import Any

import pytest

from container_worker.media.transcode.planning.tone_mapping import choose_tone_map
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.source import ToneMap
from tests.container_worker.media.transcode.sources import picture, source

_OPTIONS = TranscodeOptions(tone_map=True)


@pytest.mark.parametrize(
    ("transfer", "facts", "peak_nits"),
    [
        ("smpte2084", {}, 1000),
        ("smpte2084", {"content_nits": 700, "display_nits": 4000}, 700),
        ("smpte2084", {"content_nits": 5000, "display_nits": 4000}, 4000),
        ("smpte2084", {"display_nits": 600}, 600),
        ("smpte2084", {"content_nits": 4_294_967_295}, 10_000),
        ("smpte2084", {"content_nits": 1}, 203),
        ("arib-std-b67", {"content_nits": 300}, 1000),
    ],
)
def test_the_peak_is_that_of_the_source_as_far_as_it_is_believed(transfer: str, facts: dict[str, Any], peak_nits: int) -> None:
    """One for all segments; the note names it."""
    tone_map, notes = choose_tone_map(_OPTIONS, source(picture=picture(colour_transfer=transfer), **facts))
    assert tone_map == ToneMap(peak_nits=peak_nits)
    assert [(note.code, dict(note.parameters)) for note in notes] == [
        ("tone_mapped", {"transfer": transfer, "peak_nits": peak_nits})
    ]


@pytest.mark.parametrize("transfer", ["bt709", None])
def test_a_source_that_is_not_hdr_stays_as_it_is(transfer: str | None) -> None:
    """A note says so; without the option there is none."""
    facts = source(picture=picture(colour_transfer=transfer))
    tone_map, [note] = choose_tone_map(_OPTIONS, facts)
    assert (tone_map, note.code) == (None, "not_hdr")
    assert choose_tone_map(TranscodeOptions(), facts) == (None, [])
    assert choose_tone_map(TranscodeOptions(), source(picture=picture(colour_transfer="smpte2084"))) == (None, [])
