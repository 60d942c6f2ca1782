"""Watches the cost per scene in windows of time, and finds a window that costs far more than the ones before it."""

from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

_HOUR_MS = 3_600_000
#: Length of a window; short enough to warn within a burst, long enough to even out start-up.
WINDOW_MS = 600_000
#: Windows in the median: two hours of work.
_KEPT = 12
#: Fewer earlier windows give no median to compare with; fewer scenes give no reliable cost.
_MIN_WINDOWS, _MIN_SCENES = 3, 5
#: The longest time between two observations that is charged: a dispatcher that was suspended does not know what ran.
_MAX_GAP_MS = 60_000


class Cost(NamedTuple):
    """The known costs, in USD."""

    total_usd: float
    #: In the last full window; None before the first one.
    per_scene_usd: float | None
    median_usd: float | None
    is_anomalous: bool


def is_anomalous(latest_usd: float, before_usd: Sequence[float], factor: float) -> bool:
    """Return True if a window's cost per scene is more than `factor` × the median of the windows before it."""
    return len(before_usd) >= _MIN_WINDOWS and latest_usd > factor * median(before_usd)


class CostWatch:
    """Adds up the hourly cost of running containers, and closes a window when it is long enough and has enough scenes.

    Args:
        factor: a cost above this multiple of the rolling median is an anomaly.
    """

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._windows: deque[float] = deque(maxlen=_KEPT)
        self._total_usd = self._window_usd = 0.0
        self._last_ms = self._window_began_ms = 0
        self._last_done = self._window_scenes = 0
        self._latest: Cost | None = None

    def observe(self, usd_per_hour: float, done: int, now_ms: int) -> Cost:
        """Add an observation, and return the costs so far.

        Args:
            usd_per_hour: cost of the containers that run now.
            done: scenes done since the namespace began; a lower number than before means that Redis has lost some.
            now_ms: Redis clock.
        """
        if not self._last_ms:
            self._last_ms = self._window_began_ms = now_ms
            self._last_done, self._window_scenes = done, 0
        spent = usd_per_hour * min(_MAX_GAP_MS, max(0, now_ms - self._last_ms)) / _HOUR_MS
        self._last_ms = now_ms
        self._total_usd += spent
        self._window_usd += spent
        self._window_scenes += max(0, done - self._last_done)
        self._last_done = done
        scenes = self._window_scenes
        if now_ms - self._window_began_ms >= WINDOW_MS:
            if scenes >= _MIN_SCENES or (scenes == 0 and not self._window_usd):
                self._close(scenes)
                self._window_began_ms, self._window_scenes, self._window_usd = now_ms, 0, 0.0
            elif self._windows and self._window_usd > self._factor * median(self._windows) * _MIN_SCENES:
                # Without any scene the cost per scene is infinite; it is reported as the cost of a single scene.
                self._compare(self._window_usd / max(1, scenes))
        per_scene = self._latest.per_scene_usd if self._latest else None
        middle = self._latest.median_usd if self._latest else None
        return Cost(self._total_usd, per_scene, middle, self._latest is not None and self._latest.is_anomalous)

    def pause(self) -> None:
        """Stop counting while another dispatcher is active; it reports its own costs."""
        self._last_ms = 0
        self._window_usd = 0.0

    def _close(self, scenes: int) -> None:
        if scenes:
            self._compare(self._window_usd / scenes)
            self._windows.append(self._window_usd / scenes)

    def _compare(self, per_scene_usd: float) -> None:
        before = list(self._windows)
        is_odd = is_anomalous(per_scene_usd, before, self._factor)
        self._latest = Cost(self._total_usd, per_scene_usd, median(before) if before else None, is_odd)
