"""Costs of jobs: shares of containers that add up."""

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from dispatcher.decisions.job_costs import costs_by_fleet, job_costs
from dispatcher.decisions.pricing import cost_usd
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId
from scenequeue.jobs.result import ItemResult

_NOW_MS = 4_000_000


def _results(container: str, count: int) -> list[ItemResult]:
    return [ItemResult(item_id=ItemId(f"0-{n}"), name="s", state="done", container=container) for n in range(count)]


def _record(name: str, done: int, fleet: str = "fargate", failed: int = 0) -> ContainerRecord:
    return ContainerRecord(
        container_id=ContainerId(name), fleet=fleet, vcpu=2, memory_mib=4096, started_ms=400_000, done=done, failed=failed
    )


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5))
def test_the_jobs_of_a_container_pay_for_it_together(shares: Sequence[int]) -> None:
    """No more and no less, when it ended at least one item."""
    record = _record("c1", sum(shares))
    paid = sum(job_costs(_results("c1", share), [record], _NOW_MS).get("c1", 0.0) for share in shares)
    assert paid == pytest.approx(cost_usd(record, _NOW_MS) if sum(shares) else 0.0)


def test_failed_items_take_part_and_strangers_do_not() -> None:
    """A container that did nothing for the job is not in its bill; one whose record is behind is paid once at most."""
    records = [_record("c1", 1, failed=1), _record("c2", 9), _record("behind", 0)]
    costs = job_costs([*_results("c1", 1), *_results("behind", 3), *_results("vanished", 1)], records, _NOW_MS)
    whole = cost_usd(records[0], _NOW_MS)
    assert costs == {"c1": pytest.approx(whole / 2), "behind": pytest.approx(whole)}


def test_a_day_is_added_up_by_fleet() -> None:
    """Failed starts and idle containers included: they were paid for too."""
    records = [_record("c1", 1), _record("c2", 0), _record("c3", 2, fleet="process")]
    costs = costs_by_fleet(records, _NOW_MS)
    assert costs == {"fargate": pytest.approx(2 * costs["process"]), "process": pytest.approx(cost_usd(records[2], _NOW_MS))}
    assert costs["process"] == pytest.approx(2 * 0.04048 + 4 * 0.004445, rel=1e-3)
