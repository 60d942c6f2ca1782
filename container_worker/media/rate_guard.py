"""Watches how fast an item gets on: what cannot be done in its time is refused, not tried again and again."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from scenequeue.counted import counted
from scenequeue.errors import BadInput, LimitExceeded

#: A rate is believed after this many seconds of work, and this share of the item's time.
_MIN_WATCHED_S = 60.0
_MIN_WATCHED_SHARE = 0.05
#: An item that needs this many times the time it has is refused at once; a busy neighbour does not slow one down as much.
_MAX_OVERRUN = 2.0
#: So much of the time was worked in where only the clock ended it.
_MIN_WORKED_SHARE = 0.9
#: Longest that the time between two reports counts: a container that was frozen says nothing about the item.
_MAX_GAP_S = 10.0


class RateGuard:
    """Stands in for an item's `on_progress`, and ends the item where it cannot be done in its time; one for each attempt.

    As a context manager it also judges an end by the wall clock: where work went on to the last, it is permanent.

    Args:
        wall_s: the item's wall clock limit, in seconds.
        on_progress: gets the share done, 0 to 1.
        now: a monotonic clock.
    """

    def __init__(self, wall_s: float, on_progress: Callable[[float], None], now: Callable[[], float] = time.monotonic) -> None:
        self._wall_s, self._on_progress, self._now = wall_s, on_progress, now
        self._last: float | None = None
        self._worked_s = 0.0
        self._share = 0.0

    def __call__(self, share: float) -> None:
        """Take note of the share done, and hand it on.

        Raises:
            BadInput: at this rate the item takes more than twice the time it has.
        """
        now = self._now()
        if self._last is not None:
            self._worked_s += min(now - self._last, _MAX_GAP_S)
        self._last, self._share = now, share
        self._on_progress(share)
        if (
            self._worked_s >= max(_MIN_WATCHED_S, _MIN_WATCHED_SHARE * self._wall_s)
            and self._needs_s() > _MAX_OVERRUN * self._wall_s
        ):
            raise self._refusal()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # After a hang or a freeze little was worked, and where memory or disk ended it, the time was not over.
        is_over = self._worked_s > _MIN_WORKED_SHARE * self._wall_s and self._needs_s() > self._wall_s
        if isinstance(error, LimitExceeded) and is_over:
            raise self._refusal() from None

    def _needs_s(self) -> float:
        return self._worked_s / self._share if self._share > 0 else 0.0

    def _refusal(self) -> BadInput:
        needs = counted(round(self._needs_s() / 60), "minute")
        return BadInput(
            f"it needs some {needs} at this rate, and an item has {self._wall_s / 60:.0f} "
            "(SCENEBURST_ITEM_TIMEOUT_S): shorten it, choose a smaller resolution or frame rate, or raise the limit"
        )
