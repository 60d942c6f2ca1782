"""Decides whether a source in HDR is converted to SDR, and up to which brightness."""

from container_worker.codes import Code
from container_worker.media.transcode.probing.facts import SourceFacts
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.source import Picture, ToneMap
from scenequeue.reasons import Reason

#: Transfer functions of HDR: PQ and HLG.
HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
_HLG = "arib-std-b67"
#: Peak of a source that does not tell its own: what most are graded for, and the nominal peak of HLG.
_USUAL_PEAK_NITS = 1000
#: Peaks that are believed: from diffuse white (BT.2408), below which nothing need be mapped, to the largest that PQ has.
_LEAST_PEAK_NITS, _MOST_PEAK_NITS = 203, 10_000


def is_mapped(options: TranscodeOptions, picture: Picture) -> bool:
    """Return True for a source in HDR that becomes SDR."""
    return options.tone_map and picture.colour_transfer in HDR_TRANSFERS


def choose_tone_map(options: TranscodeOptions, facts: SourceFacts) -> tuple[ToneMap | None, list[Reason]]:
    """Return the conversion of a source, None for none, and the notes on it."""
    transfer = facts.picture.colour_transfer
    if not is_mapped(options, facts.picture):
        return None, [Reason(Code.NOT_HDR, {"transfer": transfer or "unknown"})] if options.tone_map else []
    tone_map = usual_tone_map(facts)
    return tone_map, [Reason(Code.TONE_MAPPED, {"transfer": transfer or "", "peak_nits": tone_map.peak_nits})]


def usual_tone_map(facts: SourceFacts) -> ToneMap:
    """Return the conversion of a source in HDR, whether or not its renditions are converted."""
    return ToneMap(peak_nits=_peak_nits(facts))


def _peak_nits(facts: SourceFacts) -> int:
    """Return the brightness that becomes white: of the brightest pixel, which the display of the grading could show."""
    if facts.picture.colour_transfer == _HLG:
        return _USUAL_PEAK_NITS
    told = [nits for nits in (facts.content_nits, facts.display_nits) if nits]
    return min(_MOST_PEAK_NITS, max(_LEAST_PEAK_NITS, min(told, default=_USUAL_PEAK_NITS)))
