"""Reasons in `--json` of every command: a code with parameters beside each sentence, in one form."""

import json
from typing import Any

import pytest

from sceneburst.terminal.follow import follow
from sceneburst.terminal.report import report_of
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code, Reason
from tests.sceneburst.commands.conftest import JOB
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import done, submit
from tests.support.reason_shapes import check_reasons

_WARNING = {"code": "cues_before_start", "parameters": {"cues": 2}}
_WHY = Reason(Code.OVER_BUDGET, {"usd_per_hour_each": 1.0, "budget_usd_per_hour": 0.5})


@pytest.fixture
def troubled(queue: SceneQueue) -> SceneQueue:
    """Everything that has a reason: a warning, a failure, a job that waits, a plan with an alarm, containers that ended."""
    submit(queue, JOB, 2)
    fence = queue.dispatcher.acquire("test", 30) or 0
    names = [ContainerId(name) for name in ("ended", "ill", "well")]
    records = [ContainerRecord(container_id=name, fleet="process", slots=1) for name in names]
    queue.dispatcher.record_intents(fence, records)
    for name in names:
        queue.dispatcher.record_launched(fence, name, "handle")
    queue.worker.beat(records[1].model_copy(update={"remark": Reason(Code.REDIS_SERVER)}))
    queue.worker.beat(records[2])
    queue.dispatcher.record_ended(names[0], "failed", Reason(Code.CONTAINER_BROKEN, {"problem": _WHY}))
    plan = {"why": _WHY, "cut": Reason(Code.PAUSED), "waits_because": _WHY, "at_ms": 2**60, "usd_per_hour": 0.0}
    plan = {name: value.to_json() if isinstance(value, Reason) else value for name, value in plan.items()}
    queue.dispatcher.publish_plan(json.dumps({**plan, "alarms": [Reason(Code.FALSE_STARTS, {"problem": _WHY}).to_json()]}))
    first, second = queue.worker.lease("well", 2)
    submit(queue, "later", 1)
    queue.worker.ack("well", [(first, done(first)[1].model_copy(update={"details": {"warnings": [_WARNING]}}))])
    queue.worker.fail("well", second, "BadInput", Reason(Code.FILE_MISSING, {"uri": "s3://b/a.jpg"}), transient=False)
    return queue


def _json(console: Console, *words: str) -> Any:
    ended = console(*words, "--json")
    return [json.loads(line) for line in ended.out.splitlines()] if words[0] == "watch" else json.loads(ended.out)


@pytest.mark.usefixtures("troubled")
@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (("results", JOB), {"cues_before_start", "file_missing"}),
        (("watch", JOB), {"cues_before_start", "file_missing"}),
        (("dead",), {"file_missing"}),
        (("dead", "show", JOB, "0-1"), {"file_missing"}),
        (("plan",), {"over_budget", "paused", "false_starts"}),
        (("queue",), {"over_budget", "paused", "false_starts", "redis_server"}),
        (("containers", "list", "--all"), {"container_broken", "redis_server"}),
        (("status", "later"), {"over_budget"}),
        (("jobs",), set()),
        (("cost",), set()),
        (("cost", JOB), set()),
        (("queue", "audit"), set()),
        (("queue", "history"), set()),
        (("queue", "peek"), set()),
        (("limits",), set()),
        (("cancel", "later"), set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_each_reason_is_a_code_with_parameters(console: Console, words: tuple[str, ...], codes: set[str]) -> None:
    """Beside its sentence; null, and never empty, where there is none."""
    found = _json(console, *words)
    if isinstance(found, dict) and found.pop("troubles", None):
        # Those of the front view have tests of their own.
        check_reasons(_json(console, *words))
    assert set(check_reasons(found)) == codes


def test_a_render_and_its_reasons(troubled: SceneQueue) -> None:
    """The report of `render --json`."""
    status, results = troubled.producer.status(JOB), list(troubled.producer.results(JOB))
    report = report_of(status, results, troubled.inspect.containers(), 1.0, 0)
    assert set(check_reasons(report)) == {"cues_before_start", "file_missing"}
    well, ill = report["scenes"]
    assert (well["code"], well["parameters"]) == (None, None)
    assert (ill["code"], ill["parameters"]) == ("file_missing", {"uri": "s3://b/a.jpg"})
    assert well["warnings"] == [{**_WARNING, "text": "subtitles: 2 cues before the beginning (negative times) were left out"}]


def test_a_watched_job_tells_plans_and_waits_with_codes(queue: SceneQueue) -> None:
    """As lines of `watch --json`."""
    submit(queue, JOB, 1)
    why = {"code": "plan_covered", "parameters": {"waiting": {"code": "ready", "parameters": {"items": 1}}}}
    queue.dispatcher.publish_plan(json.dumps({"why": why, "waits_because": _WHY.to_json(), "at_ms": 2**60, "usd_per_hour": 0}))
    told: list[dict[str, Any]] = []
    follow(queue, JOB, {}, tell=told.append, timeout_s=0)
    assert set(check_reasons(told)) == {"plan_covered", "over_budget"}


def test_a_container_without_an_end_has_no_code_and_is_read_again() -> None:
    """Null as everywhere, and its dump is its record."""
    record = ContainerRecord(container_id=ContainerId("c1"), remark=_WHY)
    dumped = record.model_dump(mode="json")
    assert (dumped["code"], dumped["parameters"], dumped["exit_reason"]) == (None, None, "")
    assert dumped["remark"] == {**_WHY.to_json(), "text": record.note}
    assert ContainerRecord.model_validate(dumped) == record
