"""Estimates from an item's rate of progress whether it can end in time, and refuses it permanently if not."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from container_worker.codes import Code
from scenequeue.errors import BadInput, LimitExceeded

#: Work, in seconds and as a share of the item's time limit, after which the rate is trusted.
_MIN_WATCHED_S = 60.0
_MIN_WATCHED_SHARE = 0.05
#: An item that needs this multiple of its time limit is refused at once; a busy machine slows one down less.
_MAX_OVERRUN = 2.0
#: Share of the time limit that must have been work for a time-out to be the item's own fault.
_MIN_WORKED_SHARE = 0.9
#: Longest counted time between two reports, in seconds, so that a frozen container does not count as slow.
_MAX_GAP_S = 10.0


class RateGuard:
    """Wraps an attempt's `on_progress`, and raises BadInput if the item cannot end in time.

    As a context manager it also turns a wall-clock time-out into BadInput if the item was progressing to the end.

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
        """Record the share done, and pass it on.

        Raises:
            BadInput: at this rate the item takes more than twice its time limit.
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
        # Not if the child hung or was frozen, as it worked little then, nor if memory or disk ended it early.
        is_over = self._worked_s > _MIN_WORKED_SHARE * self._wall_s and self._needs_s() > self._wall_s
        if isinstance(error, LimitExceeded) and is_over:
            raise self._refusal() from None

    def _needs_s(self) -> float:
        return self._worked_s / self._share if self._share > 0 else 0.0

    def _refusal(self) -> BadInput:
        return BadInput(Code.TOO_SLOW, needed_min=round(self._needs_s() / 60), limit_min=self._wall_s / 60)
