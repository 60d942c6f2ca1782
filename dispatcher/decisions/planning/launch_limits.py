"""Cuts launches to the operator's bounds, over all needs together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from dispatcher.codes import Code
from scenequeue.reasons import Reason


class Order(NamedTuple):
    """One container to start."""

    batch: int
    config_priority: int
    #: The job whose wishes it follows; "" for the operator's settings.
    for_job: str = ""
    #: Name of the profile that it is started from.
    image: str = ""
    #: Needs that it is started for; empty if it is only kept warm.
    needs: tuple[str, ...] = ()


class Bounds(NamedTuple):
    """Limits that launches may not exceed."""

    max_containers: int
    launches_per_tick: int
    budget_usd_per_hour: float | None
    #: Present containers, and their cost.
    present: int
    usd_per_hour: float
    #: Image -> number of containers that its fleet has room for; images without a bound are absent.
    room: Mapping[str, int]


class Limited(NamedTuple):
    """The allowed launches, and the bound that holds the others back."""

    orders: tuple[Order, ...]
    cut: Reason | None = None
    #: Price of the first container that exceeded the budget; 0 if none did.
    cut_usd_per_hour: float = 0.0


def apply_limits(wanted: Iterable[Order], count: int, bounds: Bounds, usd_per_hour: Mapping[tuple[str, int], float]) -> Limited:
    """Take as many orders as the bounds allow. Of several bounds that cut, the tightest is applied last, and named.

    Args:
        wanted: orders, the most important first; the iterable is read only as far as orders are taken.
        count: number of orders in it.
        bounds: the limits.
        usd_per_hour: price of a container by image and size.
    """
    cut: Reason | None = None
    for most, reason in (
        (bounds.max_containers - bounds.present, Reason(Code.CUT_BY_CONTAINERS, {"containers": bounds.max_containers})),
        (bounds.launches_per_tick, Reason(Code.CUT_BY_LAUNCHES, {"launches": bounds.launches_per_tick})),
    ):
        if count > max(0, most):
            count, cut = max(0, most), reason
    taken: list[Order] = []
    room, budget = dict(bounds.room), bounds.budget_usd_per_hour
    # Add a tolerance, so that money for exactly n containers is enough for n.
    left_usd = 0.0 if budget is None else budget - bounds.usd_per_hour + 1e-9
    for order in islice(wanted, count):
        if order.image in room:
            if not room[order.image]:
                cut = Reason(Code.CUT_BY_ROOM, {"image": order.image})
                continue
            room[order.image] -= 1
        if budget is not None:
            left_usd -= usd_per_hour[order.image, order.config_priority]
            if left_usd < 0:
                price = usd_per_hour[order.image, order.config_priority]
                return Limited(tuple(taken), Reason(Code.CUT_BY_BUDGET, {"budget_usd_per_hour": budget}), price)
        taken.append(order)
    return Limited(tuple(taken), cut)


def by_turns(wanted: Sequence[Iterable[Order]]) -> Iterator[Order]:
    """Merge orders, one of each iterable in turn."""
    turns = [iter(each) for each in wanted]
    if len(turns) == 1:
        yield from turns[0]
        return
    while turns:
        left = []
        for turn in turns:
            if (order := next(turn, None)) is not None:
                yield order
                left.append(turn)
        turns = left
