"""The report of a batch has the cost of its containers."""

from pathlib import Path
from typing import Any

import pytest

from dispatcher.decisions.pricing import cost_usd
from producer import RenderOptions, Scene
from sceneburst.cloudburst.report import DownloadOutcome, Run, report as report_of
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId
from scenequeue.jobs.result import ItemResult


def _run(result: ItemResult, containers: list[ContainerRecord], **more: Any) -> Run:
    """The run of one scene."""
    return Run(
        job_id="j",
        folder=Path("/"),
        names=["a"],
        scenes=[Scene(name="a", image="i", audio="a")],
        options=RenderOptions(),
        results={"0-0": result},
        downloads={"0-0": DownloadOutcome(Path("/a.mp4"), None)},
        containers=containers,
        now_ms=0,
        wall_s=2.0,
        scenes_per_batch=10,
        config_priority=1,
        **more,
    )


@pytest.mark.parametrize(("lived_s", "is_spot"), [(5, False), (60, False), (600, False), (600, True)])
def test_a_container_costs_what_the_dispatcher_says_it_costs(lived_s: int, *, is_spot: bool) -> None:
    """Two programs, one price."""
    record = ContainerRecord(
        container_id=ContainerId("c"),
        vcpu=4.0,
        memory_mib=8192,
        launched_ms=1_000,
        started_ms=2_000,
        ended_ms=1_000 + lived_s * 1000,
        state="gone",
        is_spot=is_spot,
    )
    result = ItemResult(item_id=ItemId("0-0"), name="a", state="done", container="c", processing_s=3.0)
    report = report_of(_run(result, [record]))
    assert report["total_cost_usd"] == pytest.approx(cost_usd(record, 0), abs=2e-6)
    assert (report["efficiency"]["speedup_factor"], report["time_saved"]) == (1.5, 0)


def test_a_failed_attempt_s_container_is_in_the_bill() -> None:
    """As `sceneburst cost` counts it: what one container did in vain is paid for too."""
    ended = {"vcpu": 2.0, "memory_mib": 4096, "launched_ms": 1_000, "started_ms": 2_000, "ended_ms": 61_000, "state": "gone"}
    records = [ContainerRecord.model_validate({"container_id": name, "done": 1, **ended}) for name in ("good", "vain")]
    result = ItemResult(item_id=ItemId("0-0"), name="a", state="done", container="good")
    report = report_of(_run(result, records, failed_attempts={"vain": 1}))
    assert report["total_cost_usd"] == pytest.approx(2 * cost_usd(records[0], 0), abs=2e-6)
    assert [task["task_id"] for task in report["task_results"]] == ["good"]
