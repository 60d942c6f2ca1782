"""The check that workers of this version leave newer jobs alone."""

import pytest

from chaos.cluster import NEWER_VERSION
from chaos.judge.attribution import LeaseEnd
from chaos.judge.evidence import JobEvidence
from chaos.judge.newer_version import leased_by_old
from chaos.scenes import PlannedJob

_NEWER = PlannedJob("newer-1", ("good",), "normal", 3, NEWER_VERSION)


@pytest.mark.parametrize(("name", "container", "is_wrong"), [
    ("done", "newer-0", False), ("released", "c1", True), ("reclaimed", "c1", True), ("done", "c1", True), ("dead", "c1", True),
])  # fmt: skip
def test_a_worker_never_leases_what_it_does_not_serve(name: str, container: str, is_wrong: bool) -> None:
    """Jobs of its own version it may do."""
    found = JobEvidence(None, ends=[LeaseEnd("0-0", name, container, "", 0)])
    assert bool(list(leased_by_old(_NEWER, found))) is is_wrong
    assert not list(leased_by_old(PlannedJob("j1", ("good",), "normal", 3), found))


def test_a_job_keeps_its_version_on_the_way_to_its_producer() -> None:
    """It is passed as JSON."""
    assert PlannedJob.from_json(_NEWER.to_json()) == _NEWER
