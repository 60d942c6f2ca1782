"""Reads from a stream's headers which profile and level its decoder needs."""

from typing import NamedTuple

from scenequeue.jobs.transcode.plan import Rendition

#: The profiles' numbers in the headers. The encoders write the least one that has all tools that they use.
_PROFILES = {
    "h264": {"baseline": 66, "main": 77, "high": 100, "high10": 110, "high422": 122},
    "h265": {"main": 1, "main10": 2, "main422-10": 4},
    "av1": {"main": 0},
}
#: Bytes of the headers that are read.
_LEAST_BYTES = 13


class Needs(NamedTuple):
    """The decoder that a stream needs."""

    #: Number of the profile; those with more tools have larger ones.
    profile: int
    #: Ten times the level.
    level: int


def needs_of(codec: str, headers: bytes) -> Needs | None:
    """Return what a stream needs, by its headers in the form that MP4, Matroska and FLV have; None if they have another.

    Args:
        codec: by FFmpeg's name: h264, hevc or av1.
        headers: the stream's extradata.
    """
    if codec == "av1" and len(headers) > 2 and headers[0] == 0x81:
        at = headers[1] & 0x1F
        return Needs(headers[1] >> 5, (2 + at // 4) * 10 + at % 4)
    if len(headers) < _LEAST_BYTES or headers[0] != 1:
        return None
    if codec == "h264":
        return Needs(headers[1], headers[3])
    return Needs(headers[1] & 0x1F, headers[12] // 3) if codec == "hevc" else None


def is_promised(rendition: Rendition, needs: Needs | None) -> bool:
    """Return True if a stream needs no more than the profile of its rendition, and names the rendition's level."""
    profile, level = rendition.codec_profile, rendition.level
    if needs is None:
        return profile is None and level is None
    most = needs.profile if profile is None else _PROFILES[rendition.codec][profile]
    return needs.profile <= most and (level is None or round(float(level) * 10) == needs.level)
