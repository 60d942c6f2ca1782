"""Describes a clip: how it is made, what it shows, and what must become of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType


class Outcome(Enum):
    """The ways in which a transcoding may end."""

    DIVIDED = "divided"
    WHOLE = "whole"
    REFUSED = "refused"


@dataclass(frozen=True)
class Clip:
    """A kind of source."""

    name: str
    #: Makes it in an empty folder.
    make: Callable[[Path], Path]
    outcome: Outcome = Outcome.DIVIDED
    #: Numbers of the frames that are shown, in their order.
    numbers: Sequence[int] = range(100)
    #: At least as many of them are shown, where the file's end is broken; None for all.
    fewest: int | None = None
    #: False if the file has no time for every frame, or wrong ones.
    has_times: bool = True
    #: Tracks of sound that are carried over.
    sounds: int = 1
    #: These need not be copied: no MP4 holds them.
    is_sound_encoded: bool = False
    languages: Sequence[str | None] = ()
    #: Counter-clockwise turns after which the numbers of the coded frames stand upright in what is made.
    quarter_turns: int = 0
    #: Options of the transcoding.
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    #: The code of the note or the refusal, where it is one.
    code: str | None = None

    def numbers_of(self, made: Sequence[int | None], source: Sequence[int | None]) -> Sequence[int]:
        """Return the numbers that must be shown.

        Args:
            made: those that are shown.
            source: those that the source shows, where that depends on its broken end: up to three of its last may be left out.
        """
        if self.fewest is None:
            return self.numbers
        shown = [number for number in source if number is not None]
        return shown[: max(len(made), len(shown) - 3, self.fewest)]
