"""The judge of lost attempts: each has a fault that can have caused it, or it is reported."""

import pytest

from chaos.faults.catalogue import causes_of
from chaos.faults.log import InjectedFault
from chaos.judge.attribution import SLACK_MS, LeaseEnd, lease_ends, unexplained
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.job import JobEvent


def _end(error: str, container: str = "c1", at_ms: int = 5_000) -> LeaseEnd:
    return LeaseEnd("0-0", "retry", container, error, at_ms)


def _fault(name: str, *containers: str, began_ms: int = 1_000, ended_ms: int | None = 6_000) -> InjectedFault:
    return InjectedFault(name, began_ms, frozenset(containers), ended_ms)


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        (_end("LeaseExpired"), _fault("kill-worker", "c1")),
        (_end("ContainerLost"), _fault("freeze-worker", "c1")),
        (_end("StorageUnavailable"), _fault("spoil-s3")),
        (_end("DiskFull"), _fault("fill-disk", ended_ms=None)),
        (_end("LimitExceeded", at_ms=6_000 + SLACK_MS), _fault("kill-encoder", "c1")),
        (_end("SettingsError"), _fault("wrong-clock", "c1", ended_ms=None)),
    ],
)
def test_an_attempt_that_a_fault_has_cost_is_explained(end: LeaseEnd, fault: InjectedFault) -> None:
    """By one of its container, or of all containers, at the time or shortly before."""
    assert unexplained([end], [fault], causes_of) == []


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        (_end("LeaseExpired"), _fault("kill-worker", "c2")),
        (_end("LeaseExpired"), _fault("kill-encoder", "c1")),
        (_end("ContainerLost"), _fault("freeze-dispatcher", "-")),
        (_end("StorageUnavailable"), _fault("kill-worker", "c1")),
        (_end("LeaseExpired", at_ms=500), _fault("part-network")),
        (_end("LeaseExpired", at_ms=6_001 + SLACK_MS), _fault("part-network")),
        (_end("ValueError"), _fault("spoil-s3")),
    ],
)
def test_an_attempt_that_no_fault_has_cost_is_reported(end: LeaseEnd, fault: InjectedFault) -> None:
    """Another container's, another error, another time."""
    assert unexplained([end], [fault], causes_of) == [end]


def test_one_fault_costs_an_item_no_more_than_it_may() -> None:
    """Two losses by one kill are one too many."""
    ends = [_end("LeaseExpired"), _end("LeaseExpired", at_ms=7_000)]
    assert unexplained(ends, [_fault("kill-worker", "c1")], causes_of) == ends[1:]
    assert unexplained(ends, [_fault("kill-worker", "c1"), _fault("part-network")], causes_of) == []


def test_an_end_belongs_to_the_container_that_had_the_lease() -> None:
    """Events of ends do not all name it."""
    told = [("leased", {"container": "c1"}), ("retry", {"error": "DiskFull"}), ("leased", {"container": "c2"}), ("done", {})]
    events = [
        JobEvent(id=str(number), event=name, at_ms=number, item_id=ItemId("0-0"), fields=fields)
        for number, (name, fields) in enumerate(told)
    ]
    ends = lease_ends(events)
    assert [(end.name, end.container, end.error) for end in ends] == [("retry", "c1", "DiskFull"), ("done", "c2", "")]


def test_a_lease_that_ends_while_another_container_goes_on_is_an_end_of_its_own() -> None:
    """The end of the item is then the other one's."""
    told = [
        ("leased", {"container": "c1"}),
        ("spare", {"container": "c2"}),
        ("yielded", {"container": "c1", "error": "LeaseExpired"}),
        ("done", {}),
    ]
    events = [
        JobEvent(id=str(number), event=name, at_ms=number, item_id=ItemId("0-0"), fields=fields)
        for number, (name, fields) in enumerate(told)
    ]
    ends = [(end.name, end.container, end.error) for end in lease_ends(events)]
    assert ends == [("yielded", "c1", "LeaseExpired"), ("done", "c2", "")]
