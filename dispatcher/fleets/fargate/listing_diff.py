"""Compares the tasks that ECS lists in a region with those known from earlier: pure."""

from collections.abc import Mapping, Set as AbstractSet
from typing import NamedTuple

from dispatcher.fleet import FleetContainer


class ListedTasks(NamedTuple):
    """The ARNs that ECS lists in one region."""

    #: Tasks with our mark that are meant to run.
    running: AbstractSet[str]
    #: Tasks of the whole cluster, other programs' too, that are stopping or ended lately.
    stopped: AbstractSet[str]


class KnownTasks(NamedTuple):
    """The tasks of one region that are known from earlier calls."""

    #: Our tasks as they were last described, by ARN.
    described: Mapping[str, FleetContainer]
    #: ARNs of tasks that were launched a moment ago, which ECS may not list yet.
    launched: AbstractSet[str]
    #: ARNs of stopped tasks that are not ours.
    foreign: AbstractSet[str]


class ListingDiff(NamedTuple):
    """The part of the known tasks that still holds, and the tasks that must be described anew."""

    #: Known tasks that have not changed, by ARN.
    unchanged: Mapping[str, FleetContainer]
    #: ARNs to describe, sorted.
    to_describe: list[str]
    #: Foreign tasks that are still listed.
    foreign: AbstractSet[str]


def diff(listed: ListedTasks, known: KnownTasks) -> ListingDiff:
    """Find what has changed since a region was last read.

    A running task is described once, and once more after it has stopped. A task that was running and is listed no more is
    described as well: that tells whether it ended, or ECS has forgotten it.
    """
    # A task that was stopped between the two calls is in both lists.
    running = listed.running - listed.stopped
    unchanged = {
        arn: container
        for arn, container in known.described.items()
        if arn in running or (arn in listed.stopped and not container.is_running)
    }
    vanished = {arn for arn, container in known.described.items() if container.is_running}
    foreign = known.foreign & listed.stopped
    to_describe = (running | listed.stopped | vanished | known.launched) - set(unchanged) - foreign
    return ListingDiff(unchanged, sorted(to_describe), foreign)
