"""The front view of facts: numbers, money, done about when, and facts that anybody may have written."""

import json
import string
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sceneburst.overview.codes import Code
from sceneburst.overview.facts import FactReader, QueueFacts
from sceneburst.overview.view import overview_of
from sceneburst.words import overview as english
from sceneburst.words.chinese import overview as chinese
from scenequeue.jobs.job import Lane, WaitingItems
from scenequeue.jobs.rollup import Rollup
from scenequeue.published.facts import Facts, facts_of
from scenequeue.published.plan import plan_from
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from tests.sceneburst.overview.facts import NOW_MS, PLAN, dead_reason, depth, facts, letter, of_job
from tests.scenequeue.jobs import submit

_HOUR_MS, _MINUTE_MS = 3_600_000, 60_000


def _hour(hours_ago: int, usd: float, done: int) -> Rollup:
    begin_ms = NOW_MS - NOW_MS % _HOUR_MS
    return Rollup(begin_ms - hours_ago * _HOUR_MS, 0, 0, usd, done, 0, {})


def test_money_is_told_beside_the_budget_the_usual_and_the_end() -> None:
    """Per item in these two hours, and in the week before."""
    done_at_ms = NOW_MS + 600_000
    view = overview_of(
        facts(
            depth=depth(ready=5, leased=2),
            published=Facts(budget_usd_per_hour=3, done_at_ms=done_at_ms),
            hours=[_hour(30, 1.0, 1000), _hour(1, 0.5, 400), _hour(0, 0.1, 100)],
        )
    )
    money = view.money
    assert (money.usd_per_hour, money.budget_usd_per_hour, money.done_at_ms, money.unknown) == (0.5, 3, done_at_ms, None)
    assert (money.usd_per_item, money.usual_usd_per_item) == (pytest.approx(0.0012), pytest.approx(0.001))


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({}, "nothing is waiting"),
        ({"depth": depth(ready=1)}, "not known yet: no item of this kind has been measured"),
        ({"depth": depth(ready=1).model_copy(update={"is_paused": True})}, "not while it is paused"),
        ({"depth": depth(ready=1), "has_dispatcher": False}, "not known without a dispatcher"),
        ({"depth": depth(ready=1), "plan": PLAN | {"waits_because": {"code": "no_capacity", "parameters": {"problem": "x"}}}},
         "not before the troubles above are mended"),
    ],
)  # fmt: skip
def test_a_time_that_nobody_knows_is_told_with_the_reason(parts: dict[str, Any], why: str) -> None:
    """No time is better than a wrong one."""
    money = overview_of(facts(**parts)).money
    assert (money.done_at_ms, money.unknown.text if money.unknown else "") == (None, why)


def test_numbers_are_of_the_whole_queue() -> None:
    """The oldest of all lanes, and the items done in the last full minute."""
    minute_ms = NOW_MS - NOW_MS % _MINUTE_MS
    slots = [Rollup(minute_ms - ago * _MINUTE_MS, 0, 0, 0.0, done, 0, {}) for ago, done in ((2, 5), (1, 17), (0, 3))]
    waiting = [WaitingItems(lane, "render/1", 2, 2.0, age) for lane, age in ((Lane.NORMAL, 12.0), (Lane.BULK, 380.0))]
    numbers = overview_of(facts(depth=depth(ready=4, leased=3, dead=2), waiting=waiting, minutes=slots)).numbers
    assert (numbers.ready, numbers.oldest_s, numbers.in_flight, numbers.dead, numbers.done_last_minute) == (4, 380.0, 3, 2, 17)
    assert overview_of(facts()).numbers.done_last_minute is None


def test_a_view_is_plain_data_with_sentences() -> None:
    """For programs, in JSON."""
    data = overview_of(facts(depth=depth(dead=2), dead_reasons=[dead_reason(2, of_job("a", 2, 5, 1, shop="north"))])).to_people()
    assert json.loads(json.dumps(data)) == data
    (trouble,) = data["troubles"]
    assert (trouble["problem"]["code"], trouble["severity"], trouble["amount"]) == ("letters_for", "fails", 2)
    assert trouble["problem"]["text"].startswith("ObjectNotFound: ")
    assert (data["containers"]["why"]["text"], data["money"]["unknown"]["code"]) == (PLAN["why"].text, "done_unknown_nothing")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_REASONS = st.fixed_dictionaries(
    {
        "code": st.sampled_from(["over_budget", "no_capacity", "false_starts", "unserved", "fleet_unseen", "x"]),
        "parameters": _JSON,
    }
)
_TROUBLE = st.dictionaries(
    st.sampled_from(["name", "problem", "place", "last_hour", "since_ms", "next_ms", "containers", "container_id", "held"]), _JSON
)
_PLANS = st.fixed_dictionaries(
    {"why": _REASONS},
    optional={
        **dict.fromkeys(("at_ms", "usd_per_hour", "running", "starting", "structures", "facts", "alarms"), _JSON),
        "waits_because": _REASONS | _JSON,
        "alarms": st.lists(_REASONS, max_size=3),
        "facts": st.dictionaries(st.sampled_from(["refused", "false_starts", "lost", "silent"]), st.lists(_TROUBLE, max_size=3)),
    },
)


def _hostile(plan: dict[str, Any], code: str, parameters: dict[str, Any], info: dict[str, Any], ready: int) -> QueueFacts:
    known = plan_from(json.dumps(plan))
    found = dead_reason(3, of_job("\x1b[31m", 3), reason=code, example=letter(code, "<b>", **parameters))
    waiting = [WaitingItems(Lane.NORMAL, "render/1@9", 1, 1.0, 1e300)]
    return facts(
        depth=depth(ready=ready, leased=0, dead=3), plan=known, published=facts_of(known), dead_reasons=[found], server=info,
        waiting=waiting,
    )  # fmt: skip


@given(_PLANS, st.text(max_size=8), st.dictionaries(st.text(max_size=5), _JSON, max_size=3), st.dictionaries(
    st.sampled_from(["maxmemory", "used_memory", "role", "redis_version", "aof_enabled"]), _JSON), st.integers(0, 9))  # fmt: skip
def test_facts_that_anybody_may_have_written_make_a_view(
    plan: dict[str, Any], code: str, parameters: dict[str, Any], info: dict[str, Any], ready: int
) -> None:
    """Each trouble has words, they are the same each time, and all of it is JSON."""
    hostile = _hostile(plan, code, parameters, info, ready)
    view = overview_of(hostile)
    data = view.to_people()
    assert json.loads(json.dumps(data)) == data
    assert overview_of(hostile) == view
    severities = [trouble.severity for trouble in view.troubles]
    assert severities == sorted(severities)
    assert all(trouble.title.text and trouble.problem.text and trouble.remedy.text for trouble in view.troubles)


def test_the_facts_of_a_queue_are_read(queue: SceneQueue) -> None:
    """From one look to the next, they follow what happens."""
    reader = FactReader(queue)
    submit(queue, "a", 2, labels={"shop": "north"})
    first = overview_of(reader.read())
    assert [trouble.title.text for trouble in first.troubles][:1] == ["no dispatcher"]
    assert (first.numbers.ready, first.numbers.dead) == (2, 0)
    queue.dispatcher.acquire("test", 30)
    for lease in queue.worker.lease("c1", 2):
        queue.worker.fail(
            "c1", lease, "ObjectNotFound", Reason("object_missing", {"uri": "s3://b/k", "answer": "404"}), transient=False
        )
    second = overview_of(reader.read())
    assert "2 dead" in [trouble.title.text for trouble in second.troubles]
    queue.dispatcher.resign("test")


def test_the_front_view_is_complete_in_chinese() -> None:
    """Each sentence, with the same parameters."""

    def fields(sentence: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}

    assert chinese.SENTENCES.keys() == english.SENTENCES.keys() == {str(code) for code in Code}
    for code, sentence in chinese.SENTENCES.items():
        assert fields(sentence) == fields(english.SENTENCES[code]), code
