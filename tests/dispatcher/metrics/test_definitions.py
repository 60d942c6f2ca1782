"""Telemetry: what is told agrees with the documentation, with Prometheus's format and with CloudWatch's."""

import io
import json
import re
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dispatcher.codes import Code
from dispatcher.decisions.cost_anomaly import WINDOW_MS
from dispatcher.decisions.launch_backoff import LaunchBackoff
from dispatcher.decisions.planner import Plan
from dispatcher.decisions.planning.backlog import Backlog
from dispatcher.fleets.process import ProcessFleet
from dispatcher.metrics.definitions import METRICS, count_containers
from dispatcher.metrics.exporter import Exporter, emf_line
from dispatcher.snapshot import Ticked, TickSnapshot
from dispatcher.tick import Dispatcher
from scenequeue.errors import SettingsError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.job import Counts, Depth, Lane
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.scenequeue.jobs import done, submit

_PAGE = Path(__file__).parents[3] / "docs" / "telemetry.md"


def test_the_table_in_the_documentation_is_what_is_told() -> None:
    """Name by name, unit by unit, in order."""
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\w+) \|", _PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(metric.cloudwatch, metric.prometheus, metric.unit) for metric in METRICS]


def _scraped(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    return {
        sample.name + sample.labels.get("state", ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_gets_what_the_acting_dispatcher_sees_and_from_one_that_stands_by_only_that(
    queue: SceneQueue, namespace: str, redis_url: str, tmp_path: Path
) -> None:
    """Two dispatchers on a real queue, each with an endpoint of its own."""
    submit(queue, "a", 6)
    leases = queue.worker.lease("by-hand", 3)
    record = ContainerRecord(container_id=ContainerId("by-hand"), slots=3, held=2, vcpu=2, memory_mib=4096)
    queue.dispatcher.record_intents(queue.dispatcher.acquire("before", 30) or 0, [record])
    queue.dispatcher.resign("before")
    queue.worker.beat(record)
    queue.worker.ack("by-hand", [done(leases[0])])
    settings = DispatcherSettings.load(
        redis_url=redis_url, namespace=namespace, state_dir=tmp_path, max_containers=1, budget_usd_per_hour=50
    )
    submit(queue, "held", 4, lane=Lane.BULK)
    queue.operator.pause(lane=Lane.BULK)
    emf = io.StringIO()
    exporters = [Exporter(namespace, 3.0, emf), Exporter(namespace, 3.0)]
    dispatchers = [Dispatcher(queue, ProcessFleet(tmp_path), settings, observe=exporter.observe) for exporter in exporters]
    for dispatcher in dispatchers:
        dispatcher.tick()
    acting, waiting = (_scraped(exporter.listen("127.0.0.1:0")) for exporter in exporters)
    assert waiting == {"sceneburst_acting": 0}
    told = {
        "sceneburst_acting": 1, "sceneburst_ready_items": 7, "sceneburst_in_flight_items": 2, "sceneburst_done_items_total": 1,
        "sceneburst_dead_letters": 0, "sceneburst_backlog_video_seconds": 7, "sceneburst_containersworking": 1,
        "sceneburst_containersstarting": 0, "sceneburst_cost_anomaly": 0, "sceneburst_paused_items": 4,
        "sceneburst_budget_usd_per_hour": 50, "sceneburst_budget_cut": 0, "sceneburst_silent_containers": 0,
    }  # fmt: skip
    assert {name: acting[name] for name in told} == told
    assert acting["sceneburst_cost_usd_per_hour"] == pytest.approx(2 * 0.04048 + 4 * 0.004445, rel=1e-3)
    assert acting["sceneburst_backlog_age_seconds"] > 0
    assert {re.sub("(?<=containers).*", "", name) for name in acting} == {metric.prometheus for metric in METRICS}
    dispatchers[0].tick()
    assert len(emf.getvalue().splitlines()) == 1


def test_a_line_for_cloudwatch_is_as_the_format_demands() -> None:
    """Every metric named once in the directive, with a number beside it, and the dimension's value."""
    line = json.loads(emf_line("films", {metric.cloudwatch: 1.5 for metric in METRICS}, 1_700_000_000_000))
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 1_700_000_000_000
    assert directive["Namespace"] == "Sceneburst"
    assert [line[name] for name in directive["Dimensions"][0]] == ["films"]
    named = [each["Name"] for each in directive["Metrics"]]
    assert len(named) == len(set(named)) == len(METRICS)
    assert all(line[name] == 1.5 for name in named)
    assert {each["Unit"] for each in directive["Metrics"]} <= {"None", "Count", "Seconds"}


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:70000", "256.1.1.1:0", "127.0.0.1:x"])
def test_an_address_that_cannot_be_listened_at_is_named(address: str) -> None:
    """With its variable."""
    with pytest.raises(SettingsError, match="SCENEBURST_METRICS_ADDRESS"):
        Exporter("films", 3.0).listen(address)


def test_containers_are_counted_by_what_they_do() -> None:
    """Those that are no more are not."""
    said = [("intended", 0), ("launched", 0), ("running", 2), ("running", 0), ("draining", 1), ("gone", 0), ("failed", 0)]
    records = [ContainerRecord(container_id=ContainerId(str(n)), state=state, held=held) for n, (state, held) in enumerate(said)]  # type: ignore[arg-type]
    assert count_containers(records) == {"starting": 2, "working": 1, "idle": 1, "draining": 1}


def test_a_film_is_no_scene_in_the_cost_per_scene() -> None:
    """It costs money all the same."""
    exporter = Exporter("films", 3.0)
    record = ContainerRecord(container_id=ContainerId("c"), vcpu=2, memory_mib=4096)
    looks = 20
    for look in range(looks + 1):
        # As many films as scenes, so that their number shows.
        depth = Depth(counts=Counts(done=2 * look), ready_by_lane={}, ready_weight=0.0, films=look)
        snapshot = TickSnapshot(depth, Backlog(()), [record], {}, 1_000 + look * WINDOW_MS // looks, LaunchBackoff())
        exporter.observe(Ticked(snapshot, Plan((), Reason(Code.PLAN_IDLE), 0, 0, 0, 1, 0.0), 0, 0, 0, 0))
    values = {sample.name: sample.value for family in exporter.collect() for sample in family.samples}
    spent_usd = values["sceneburst_cost_usd_per_hour"] * WINDOW_MS / 3_600_000
    assert values["sceneburst_cost_per_scene_usd"] == pytest.approx(spent_usd / looks)
