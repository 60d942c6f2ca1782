"""Defines a decision of the dispatcher, with what became of the containers that it launched."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.published.values import json_map, maps_in, number, reason_in, text_in, texts_in, whole_number
from scenequeue.reasons import Code, Reason

#: Containers of one decision whose ids are kept; each order counts them all.
MAX_CONTAINERS = 200


class Order(NamedTuple):
    """Containers of a decision that are alike."""

    containers: int
    #: Items that each is launched for; 0 for one that is only kept warm.
    batch: int
    vcpu: float
    memory_mib: int
    #: The job whose wishes they follow; "" for the operator's settings.
    for_job: str
    image: str
    #: Ids of the containers, of the first MAX_CONTAINERS of a decision.
    container_ids: tuple[ContainerId, ...]


class LaunchedContainer(NamedTuple):
    """A container that a decision launched, or tried to, as its record tells now."""

    container_id: ContainerId
    batch: int
    vcpu: float
    memory_mib: int
    #: None once its record has expired, a day after its last report.
    record: ContainerRecord | None

    @property
    def place(self) -> str:
        """The fleet, or its region where it has several; "" if unknown."""
        return (self.record.region or self.record.fleet) if self.record and self.record.launched_ms else ""

    @property
    def is_spot(self) -> bool:
        """True if it runs on capacity that the fleet may take back."""
        return self.record is not None and bool(self.record.launched_ms) and self.record.is_spot

    @property
    def is_refused(self) -> bool:
        """True if the fleet did not accept the launch; `ended_because` has its error."""
        return self.record is not None and self.record.state == "failed" and not self.record.launched_ms

    @property
    def came_up_ms(self) -> int | None:
        """Time of its first report; None before."""
        return (self.record.started_ms or None) if self.record else None

    @property
    def start_up_s(self) -> float | None:
        """Seconds from the decision to its first report; None before."""
        if self.record is None or not self.record.started_ms or not self.record.intended_ms:
            return None
        return max(0, self.record.started_ms - self.record.intended_ms) / 1000

    @property
    def ended_ms(self) -> int | None:
        """Time of its end; None while it runs."""
        return (self.record.ended_ms or None) if self.record and self.record.has_ended else None

    @property
    def ended_because(self) -> Reason | None:
        """The reason of its end; None while it runs."""
        return self.record.why if self.record and self.record.has_ended else None

    def to_people(self) -> dict[str, Any]:
        """Return it as plain data, with sentences."""
        ended = self.ended_because
        return {
            "container_id": self.container_id,
            "batch": self.batch,
            "vcpu": self.vcpu,
            "memory_mib": self.memory_mib,
            "place": self.place,
            "is_spot": self.is_spot,
            "is_refused": self.is_refused,
            "came_up_ms": self.came_up_ms,
            "start_up_s": self.start_up_s,
            "ended_ms": self.ended_ms,
            "ended_because": ended.to_people() if ended else None,
        }


class Decision(NamedTuple):
    """A decision of the dispatcher: a launch, or the reason that nothing is launched where that has changed."""

    #: Redis clock.
    at_ms: int
    #: Codes of dispatcher/codes.py; `why.text` is a sentence.
    why: Reason
    ready: int
    #: Of the ready items, those that containers that were there would take.
    covered: int
    running: int
    starting: int
    #: Of the containers that were there.
    usd_per_hour: float
    #: The bound that held launches back; None if none did.
    cut: Reason | None
    orders: tuple[Order, ...]
    launched: tuple[LaunchedContainer, ...] = ()

    @property
    def launches(self) -> int:
        """Number of containers that were to be launched."""
        return sum(order.containers for order in self.orders)

    def to_people(self) -> dict[str, Any]:
        """Return it as plain data, with sentences."""
        return {
            **self._asdict(),
            "why": self.why.to_people(),
            "cut": self.cut.to_people() if self.cut else None,
            "launches": self.launches,
            "orders": [order._asdict() for order in self.orders],
            "launched": [container.to_people() for container in self.launched],
        }


def decision_from(at_ms: int, text: str) -> Decision:
    """Parse a stored decision; one that cannot be parsed has the reason `plan_malformed`."""
    made = json_map(text) or {}
    return Decision(
        at_ms=at_ms,
        why=reason_in(made.get("why")) or Reason(Code.PLAN_MALFORMED),
        ready=whole_number(made.get("ready")),
        covered=whole_number(made.get("covered")),
        running=whole_number(made.get("running")),
        starting=whole_number(made.get("starting")),
        usd_per_hour=float(number(made.get("usd_per_hour"))),
        cut=reason_in(made.get("cut")),
        orders=tuple(map(_order, maps_in(made.get("orders"))[:MAX_CONTAINERS])),
    )


def _order(given: Mapping[str, Any]) -> Order:
    return Order(
        containers=max(0, whole_number(given.get("containers"))),
        batch=whole_number(given.get("batch")),
        vcpu=float(number(given.get("vcpu"))),
        memory_mib=whole_number(given.get("memory_mib")),
        for_job=text_in(given.get("for_job")),
        image=text_in(given.get("image")),
        container_ids=tuple(map(ContainerId, (texts_in(given.get("container_ids")) or [])[:MAX_CONTAINERS])),
    )
