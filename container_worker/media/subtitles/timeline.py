"""Provides the subtitle patch of each frame, drawn just before it is needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from container_worker.media.picture.overlay import Patch


@dataclass(frozen=True)
class Span:
    """Frames `first` to `end`, exclusive, that show the same text."""

    first: int
    end: int
    text: str


class CueTrack:
    """Provides the patch of each frame; frames must be requested in order."""

    def __init__(self, spans: Sequence[Span], draw: Callable[[int], Patch | None]) -> None:
        """Args:
        spans: in order, without overlap.
        draw: makes the patch of the span of this index; called once for each, in order.
        """
        self._spans, self._draw = spans, draw
        self._next = 0
        self._patch: Patch | None = None

    def at(self, frame: int) -> Patch | None:
        """Return the patch on this frame, or None."""
        while self._next < len(self._spans) and self._spans[self._next].first <= frame:
            self._patch = self._draw(self._next)
            self._next += 1
        if self._next == 0 or frame >= self._spans[self._next - 1].end:
            return None
        return self._patch
