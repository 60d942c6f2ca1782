"""Alert rules and dashboard: every metric that they name is exported, every alert has a planted fault and a place in the docs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from dispatcher.metrics.exporter import Exporter
from dispatcher.snapshot import Ticked
from dispatcher.tick import Dispatcher
from scenequeue.jobs.ids import ContainerId
from scenequeue.published.facts import ContainerTrouble, SilentContainer
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.test_launcher import PaperFleet
from tests.scenequeue.jobs import submit
from tests.support.reasons import said

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "deploy" / "monitoring"
_NAME = re.compile(r"\b(?:sceneburst|redis)_\w+")
#: Of redis_exporter.
_FOREIGN = {"redis_memory_used_bytes", "redis_memory_max_bytes"}
_WIDTH = 24


def _rules() -> list[dict[str, Any]]:
    groups = YAML(typ="safe").load((_FOLDER / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads((_FOLDER / "dashboard.json").read_text())["panels"]
    return panels


def _expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in _rules())
    yield from (target["expr"] for panel in _panels() for target in panel["targets"])


def test_every_metric_that_they_name_is_exported(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """By a dispatcher that acts, and has a budget."""
    exporter = Exporter(namespace, 3.0)
    settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace, fleet="fargate", budget_usd_per_hour=3)
    dispatcher = Dispatcher(queue, PaperFleet(), settings, observe=exporter.observe)
    dispatcher.tick()
    registry = CollectorRegistry()
    registry.register(exporter)
    families = text_string_to_metric_families(generate_latest(registry).decode())
    exported = {sample.name for family in families for sample in family.samples}
    dispatcher.close()
    for expression in _expressions():
        named = set(_NAME.findall(expression))
        assert named, expression
        assert named - _FOREIGN <= exported, expression


def test_faults_show_in_the_metrics_that_alerts_are_about(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """A spent budget by a dispatcher that acts; containers that are lost or silent, and callbacks that fail, by its facts."""
    told: list[Ticked] = []
    settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace, fleet="fargate", budget_usd_per_hour=0.0001)
    dispatcher = Dispatcher(queue, PaperFleet(), settings, observe=lambda ticked: told.append(ticked) if ticked else None)
    submit(queue, "a", 5)
    dispatcher.tick()
    dispatcher.close()
    lost = [ContainerTrouble("killed", said("gone"), "", count, 1, 2, None, ()) for count in (2, 1)]
    facts = told[0].facts._replace(lost=tuple(lost), silent=(SilentContainer(ContainerId("c1"), 1, 2),))
    exporter = Exporter(namespace, 3.0)
    exporter.observe(told[0]._replace(facts=facts, callbacks_failed=4))
    values = {sample.name: sample.value for family in exporter.collect() for sample in family.samples}
    wanted = {
        "budget_cut": 1,
        "budget_usd_per_hour": 0.0001,
        "lost_containers": 3,
        "silent_containers": 1,
        "callbacks_failed_total": 4,
    }
    assert {name: values[f"sceneburst_{name}"] for name in wanted} == wanted


def test_every_alert_has_a_planted_fault_and_a_place_in_the_docs() -> None:
    """The place is where its annotation points to."""
    tests = YAML(typ="safe").load((_FOLDER / "alerts_test.yaml").read_text())["tests"]
    raised = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case.get("exp_alerts")}
    headings = set(re.findall(r"^### (\w+)$", (_ROOT / "docs" / "at-night.md").read_text(), re.MULTILINE))
    names = [rule["alert"] for rule in _rules()]
    assert len(names) == len(set(names))
    assert raised == set(names) == headings
    assert [rule["annotations"]["runbook"] for rule in _rules()] == [f"docs/at-night.md#{name.lower()}" for name in names]


def test_panels_of_the_dashboard_do_not_overlap_and_use_the_chosen_source() -> None:
    """Each has a number of its own."""
    panels = _panels()
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set[tuple[int, int]]()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in cells) < _WIDTH
        assert not cells & taken, panel["title"]
        taken |= cells
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert all(source == {"type": "prometheus", "uid": "${source}"} for source in sources)
