"""Faults and delays of the simulated ECS, which a test may set at any time."""

import threading
import time
from dataclasses import dataclass, field


@dataclass
class Faults:
    """Everything defaults to a perfect world. Times in seconds."""

    #: How long RunTask takes to answer (ECS: half a second or so).
    run_task_s: float = 0.0
    #: From RunTask to the program's start: image pull and all (Fargate: 30 to 60 s).
    start_delay_s: float = 0.0
    #: (provider, subnet, region) without capacity; None stands for any.
    exhausted: set[tuple[str | None, str | None, str | None]] = field(default_factory=set)
    #: So many refusals for lack of capacity, and there is room everywhere again; None: until `exhausted` is changed.
    refusals_left: int | None = None
    #: Spot takes the launch all the same, and ends it later with the reason.
    is_spot_late_to_say: bool = False
    #: Tokens a second and at most, per region: for RunTask, for ListTasks, DescribeTasks and StopTask. None does not throttle.
    run_task_rate: tuple[float, int] | None = None
    list_rate: tuple[float, int] | None = None
    describe_rate: tuple[float, int] | None = None
    stop_rate: tuple[float, int] | None = None
    #: So many calls of RunTask are throttled, whatever its rate.
    throttles_left: int = 0
    #: Throttling says InvalidParameterException "Rate exceeded" instead of ThrottlingException.
    is_throttling_disguised: bool = False
    #: Every n-th task never starts: stopCode TaskFailedToStart, and no containers in it. 0: none.
    fail_start_every: int = 0
    #: Every n-th RunTask has its effect, but its answer is lost. 0: none.
    lose_answer_every: int = 0
    #: Every n-th call of any kind is answered with a 500. 0: none.
    break_every: int = 0
    #: A new task is unknown to ListTasks and DescribeTasks for so long.
    listing_lag_s: float = 0.0
    #: From SIGTERM to SIGKILL when Spot takes its machine back (Fargate: 120).
    spot_notice_s: float = 120.0
    #: From SIGTERM to SIGKILL after StopTask (Fargate: the task definition's stopTimeout, 30 to 120).
    stop_timeout_s: float = 30.0
    #: From the program's end until the task is STOPPED: DEPROVISIONING, while its network interface goes.
    deprovision_s: float = 0.0
    #: A stopped task is described and listed for so long (ECS: an hour, more or less).
    remembered_s: float = 3600.0

    def has_capacity(self, provider: str, subnet: str, region: str) -> bool:
        """Return True if a launch finds capacity there."""
        if self.refusals_left == 0:
            return True
        asked = (provider, subnet, region)
        return not any(
            all(limit is None or limit == value for limit, value in zip(each, asked, strict=True)) for each in self.exhausted
        )


class Meters:
    """The service's own token buckets, one per call and region: they refuse instead of waiting."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: (operation, region) -> tokens and when they were counted.
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def admits(self, operation: str, region: str, faults: Faults) -> bool:
        """Take a token, if there is one."""
        rates = {
            "RunTask": faults.run_task_rate,
            "ListTasks": faults.list_rate,
            "DescribeTasks": faults.describe_rate,
            "StopTask": faults.stop_rate,
        }
        rate = rates.get(operation)
        with self._lock:
            if operation == "RunTask" and faults.throttles_left:
                faults.throttles_left -= 1
                return False
            if rate is None:
                return True
            per_s, burst = rate
            now = time.monotonic()
            before, at = self._buckets.get((operation, region), (float(burst), now))
            tokens = min(burst, before + (now - at) * per_s)
            self._buckets[operation, region] = (tokens - 1 if tokens >= 1 else tokens, now)
            return tokens >= 1
