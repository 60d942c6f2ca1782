"""Containers in groups, filtered and sorted, and lines of their logs."""

import pytest

from sceneburst.page.views.containers.log_lines import readable_lines
from sceneburst.page.views.containers.rows import counts_of, drainable_in, row_of, tables_of
from scenequeue.jobs.container import ContainerRecord
from tests.dispatcher.ledger import NOW_MS, container

_DAY_MS = 86_400_000
_SHARES = {"order-1/0-0": 0.2, "order-1/0-1": 0.9}


def _fleet() -> list[ContainerRecord]:
    return [
        container(container_id="run-1", fleet="fargate", region="eu-central-1", held=2, progress=_SHARES),
        container(container_id="run-2", cpu_share=0.9, launched_ms=NOW_MS - 90_000, vcpu=16, memory_mib=32768),
        container("launched", container_id="new", started_ms=0, beat_ms=0),
        container(container_id="asked", stop_ms=NOW_MS, stop_by="ann"),
        container(container_id="drains", is_draining=True),
        container("gone", container_id="left", ended_ms=NOW_MS - 5000),
        container("failed", container_id="broken", ended_ms=NOW_MS - 1000),
        container("gone", container_id="old", ended_ms=NOW_MS - _DAY_MS - 1),
    ]


def _ids(**query: str) -> dict[str, list[str]]:
    return {table.group: [row.container_id for row in table.rows] for table in tables_of(_fleet(), NOW_MS, query)}


def test_each_container_is_in_one_group() -> None:
    """Those to stop are with those that drain; those that ended long ago are nowhere."""
    assert _ids() == {
        "draining": ["asked", "drains"],
        "running": ["run-1", "run-2"],
        "starting": ["new"],
        "ended": ["broken", "left"],
    }
    assert counts_of(_fleet(), NOW_MS) == {"draining": 2, "running": 2, "starting": 1, "ended": 2}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "running"}, ["run-1", "run-2"]),
        ({"state": "running", "sort": "cpu"}, ["run-2", "run-1"]),
        ({"state": "running", "sort": "oldest"}, ["run-2", "run-1"]),
        ({"state": "running", "sort": "cost"}, ["run-2", "run-1"]),
        ({"text": "ORDER-1"}, ["run-1"]),
        ({"text": "eu-central"}, ["run-1"]),
        ({"text": "nobody"}, []),
    ],
)
def test_a_filter_and_an_order_hold_together(query: dict[str, str], found: list[str]) -> None:
    """By state, and by part of an id, a job, a fleet or a place."""
    assert [name for group in _ids(**query).values() for name in group] == found


def test_only_those_that_go_on_can_be_drained() -> None:
    """Of those that the filter shows."""
    assert drainable_in(_fleet(), {}) == ["run-1", "run-2", "new"]
    assert drainable_in(_fleet(), {"text": "run"}) == ["run-1", "run-2"]
    assert drainable_in(_fleet(), {"state": "ended"}) == []


def test_a_row_is_bounded_whatever_a_container_reports() -> None:
    """Shares beyond the whole, more items than slots, and a job id without an item."""
    record = container(held=9, progress={f"j{n}/0-{n}": 7.0 for n in range(8)} | {"x": -1.0}, cpu_share=55.0, memory_used_mib=-3)
    row = row_of(record, NOW_MS)
    assert len(row.works_on) == 6
    assert (row.more_items, row.cpu_share, row.memory_used_mib) == (3, 1.0, 0)
    assert {each.share for each in row.works_on} == {1.0}


def test_log_lines_are_shown_as_a_terminal_would_show_them() -> None:
    """Without colours, titles and overwritten progress; very long ones are cut."""
    lines = ["\x1b[1;31mred\x1b[0m end", "\x1b]0;title\x07after", "1 %\r50 %\r100 %", "x" * 5000, "\x1b[", "plain\r\n"]
    made = readable_lines(lines)
    assert made[:3] == ["red end", "after", "100 %"]
    assert len(made[3]) == 1001
    assert made[4:] == ["\x1b[", "plain"]
