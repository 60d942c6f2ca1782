"""Estimates the length of a scene from its narration's header; it is the weight for ordering and planning."""

from pathlib import Path

#: Seconds of video assumed if the header has no length, or the narration is not on this machine.
UNKNOWN_S = 10.0
#: Bytes per second of a narration without a readable length: MP3 at 128 kbit/s.
_BYTES_PER_S = 16_000
#: Fewer bytes per second than any codec needs for speech (Opus: 6 kbit/s). A header that claims a longer file is wrong,
#: which is common for MP3s.
_MIN_BYTES_PER_S = 500
#: A worker refuses longer narrations.
MAX_LENGTH_S = 3 * 3600.0


def weight_of(narration: Path | None) -> float:
    """Estimate the seconds of video from the header alone, without decoding.

    Args:
        narration: a local file; None if it is not on this machine.

    Returns:
        Seconds, 0.1 to three hours. An unreadable file is estimated by its size; the worker will report its problem.
    """
    if narration is None:
        return UNKNOWN_S
    import mutagen

    try:
        size = narration.stat().st_size
    except OSError:
        return UNKNOWN_S
    try:
        file = mutagen.File(narration)
        length = float(file.info.length) if file is not None else 0.0
    except Exception:  # mutagen raises errors of any type for malformed files
        length = 0.0
    return min(MAX_LENGTH_S, max(0.1, believable_s(length, size)))


def believable_s(claimed_s: float, size_bytes: int) -> float:
    """Return the length that a header claims, or an estimate from the size if the file has too few bytes for it."""
    if 0 < claimed_s <= size_bytes / _MIN_BYTES_PER_S:
        return claimed_s
    return size_bytes / _BYTES_PER_S
