"""Publishes the plan and records decisions, each only where it says something new."""

import json
from collections.abc import Callable, Sequence

import structlog

from dispatcher.aws_lookup import AwsLookup
from dispatcher.decisions.marks import mark_of
from dispatcher.decisions.planner import Plan
from dispatcher.publishing.decision import decision_as_json
from dispatcher.publishing.plan import plan_as_json
from scenequeue.errors import DispatcherDeposed
from scenequeue.ports.steering.limits import Limit
from scenequeue.published.facts import Facts
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings

#: A plan is kept for some ticks, and at least this long.
PLAN_TICKS = 5
MIN_PLAN_S = 60
#: Seconds after which the plan of an idle queue is written again although it has not changed.
PLAN_REPEAT_S = 5.0


class Publisher:
    """Writes what a dispatcher decides for operators and producers.

    Args:
        queue: the queue to write to.
        settings: settings of the launched containers.
        clock: monotonic seconds.
        aws: knows whether containers find AWS credentials; None if that is unknown.
    """

    def __init__(
        self, queue: SceneQueue, settings: DispatcherSettings, clock: Callable[[], float], aws: AwsLookup | None = None
    ) -> None:
        self._queue, self._settings, self._clock, self._aws = queue, settings, clock, aws
        #: The published plan, without its time, and the time, by `clock`; None if that was before the last change of the fence.
        self._published: tuple[dict[str, object], float] | None = None
        #: The mark of the last decision; None likewise.
        self._mark: str | None = None
        self._log = structlog.get_logger()

    def forget(self) -> None:
        """Write everything anew: another dispatcher may have published since, or Redis may have lost what we wrote."""
        self._published = self._mark = None

    def publish_plan(
        self, made: Plan, waits_because: Reason | None, at_ms: int, changed: Sequence[Limit], facts: Facts | None = None
    ) -> None:
        """Publish the plan for the next ticks.

        Args:
            made: the plan.
            waits_because: the reason that nothing is worked on; None if something is.
            at_ms: Redis's clock.
            changed: limits that operators changed at run time.
            facts: further facts; None if this tick has seen none.
        """
        # Containers of Docker and Fargate have an environment of their own.
        has_credentials = self._aws.has_credentials if self._aws else None
        shown = plan_as_json(
            *(made, waits_because, at_ms, self._settings, changed),
            structures=self._queue.structures,
            has_aws_credentials=has_credentials,
            facts=facts,
        )
        said, now_s = {name: value for name, value in shown.items() if name != "at_ms"}, self._clock()
        # The append-only file of Redis keeps every write. While items wait, the time of each plan counts: see `why_waiting`.
        is_idle = not made.ready and waits_because is None
        if is_idle and self._published and self._published[0] == said and now_s - self._published[1] < PLAN_REPEAT_S:
            return
        ttl_s = max(MIN_PLAN_S, int(PLAN_TICKS * self._settings.tick_s))
        self._queue.dispatcher.publish_plan(json.dumps(shown), ttl_s)
        self._published = said, now_s

    def record_decision(self, fence: int, made: Plan) -> None:
        """Record a plan that launches nothing, if an operator would tell it from the last one; launches record themselves."""
        mark = mark_of(made)
        if mark == self._mark:
            return
        if not made.orders:
            try:
                self._queue.dispatcher.record_decision(fence, mark, decision_as_json(made))
            except DispatcherDeposed as error:
                self._log.warning("deposed", error=error)
                return
        self._mark = mark
