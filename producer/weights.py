"""How long a scene will be, from its narration's header: the weight by which work is ordered and planned."""

from pathlib import Path

#: Seconds of video assumed where the header does not say, or the narration is not on this machine.
UNKNOWN_S = 10.0
#: Bytes per second of a narration without a readable length: MP3 at 128 kbit/s.
_BYTES_PER_S = 16_000
_LONGEST_S = 24 * 3600.0


def weight_of(narration: Path | None) -> float:
    """Estimated seconds of video, from the header alone; never decodes.

    Args:
        narration: a local file; None for one that is elsewhere.

    Returns:
        Seconds, more than 0. An unreadable file is estimated by its size: the worker says what is wrong with it.
    """
    if narration is None:
        return UNKNOWN_S
    import mutagen

    try:
        file = mutagen.File(narration)
        length = float(file.info.length) if file is not None else 0.0
    except Exception:  # mutagen raises whatever a malformed file leads it to
        length = 0.0
    if length <= 0:
        try:
            length = narration.stat().st_size / _BYTES_PER_S
        except OSError:
            return UNKNOWN_S
    return min(_LONGEST_S, max(0.1, length))
