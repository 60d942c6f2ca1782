"""Chooses the frame that becomes the poster: a pure function of few facts."""

from collections.abc import Sequence
from typing import NamedTuple

from container_worker.media.transcode.signatures import Signature

#: Part of the film from which the poster is taken if it can be: behind titles, and before what should not be told.
_WINDOW = (0.1, 0.3)
#: A frame is dark if fewer of its pixels than one in twelve are brighter than this, of 255 (black is 16).
_DARK_LEVEL, _BRIGHT_SHARE = 56, 1 / 12
#: A frame is flat if its pixels deviate by less than this from their mean, such as a white one.
_FLAT_DEVIATION = 8.0


class Candidate(NamedTuple):
    """A frame that may become the poster."""

    #: Its place in the film, 0 to 1.
    share: float
    #: Size of its JPEG: the more it shows, and the less it is blurred, the larger it is.
    jpeg_bytes: int
    #: None if it is not known.
    signature: Signature | None


def choose_poster(candidates: Sequence[Candidate]) -> int:
    """Return the position of the candidate that becomes the poster.

    It is the one with most detail in the window; elsewhere if all there are dark or flat; and any if all are.

    Args:
        candidates: at least one, in the order of the film.
    """
    usable = [at for at, each in enumerate(candidates) if each.signature is None or not _is_dull(each.signature)]
    inside = [at for at in usable if _WINDOW[0] <= candidates[at].share <= _WINDOW[1]]
    best = inside or usable or range(len(candidates))
    return max(best, key=lambda at: (candidates[at].jpeg_bytes, -at))


def _is_dull(signature: Signature) -> bool:
    bright = sum(level > _DARK_LEVEL for level in signature)
    mean = sum(signature) / len(signature)
    deviation = (sum((level - mean) ** 2 for level in signature) / len(signature)) ** 0.5
    return bright < _BRIGHT_SHARE * len(signature) or deviation < _FLAT_DEVIATION
