"""`sceneburst queue …`: what waits, in the order of its turn; a pause that holds, and its end."""

import json
import re

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from tests.sceneburst.commands.conftest import JOB, REASON
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.reasons import said


def test_a_paused_queue_gives_out_nothing_until_it_is_resumed(console: Console, queue: SceneQueue) -> None:
    """`show` says that it is paused."""
    submit(queue, "a", 2)
    assert console("queue", "pause").out == "paused\n"
    assert queue.worker.lease("c1", 1) == []
    assert console("queue").out.startswith("paused · 2 ready")
    assert console("queue", "pause").code == 0
    assert console("queue", "resume").out == "resumed\n"
    assert len(queue.worker.lease("c1", 1)) == 1
    assert not console("queue").out.startswith("paused")


def test_a_lane_and_a_job_are_paused_with_a_reason_that_others_see(console: Console, queue: SceneQueue) -> None:
    """In `queue`, `jobs` and `status`; a second operator is told who was first, and each pause is ended by itself."""
    submit(queue, "a", 2)
    submit(queue, "b", 1, lane=Lane.BULK)
    assert console("queue", "pause", "--lane", "bulk", "--why", "disk full").out == "lane bulk: paused\n"
    assert console("queue", "pause", "--job", "a").out == "job a: paused\n"
    again = console("queue", "pause", "--lane", "bulk").out
    assert re.match(
        r'nothing was changed: lane bulk is paused by \S+ since .* UTC: "disk full"; `sceneburst queue resume --lane', again
    )
    shown = console("queue").out
    assert shown.startswith("3 ready (urgent 0, normal 0, bulk 1, of paused jobs 2)")
    assert re.search(r'^lane bulk paused .*\n.* paused it: "disk full"$', shown, re.MULTILINE)
    assert re.search(r"^job a paused ", shown, re.MULTILINE)
    assert re.search(r"^a +paused ", console("jobs").out, re.MULTILINE)
    assert "it waits: the job is paused by " in console("status", "a").out
    told = json.loads(console("status", "a", "--json").out)
    assert (told["pause"]["about"], told["waits_because"]["code"]) == ("job=a", "job_paused")
    assert [pause["about"] for pause in json.loads(console("queue", "--json").out)["pauses"]] == ["lane=bulk", "job=a"]
    assert "still: lane bulk is paused" in console("queue", "resume", "--job", "a").out
    assert console("queue", "resume", "--lane", "bulk").out == "lane bulk: resumed\n"
    assert console("queue", "resume", "--lane", "bulk").out == "lane bulk: nothing was changed: it was not paused\n"
    assert len(queue.worker.lease("c1", 5)) == 3


def test_a_pause_of_what_cannot_be_paused_is_refused(console: Console, queue: SceneQueue) -> None:
    """A job that has ended or never was, and two things at once."""
    submit(queue, "a", 1)
    queue.producer.cancel("a")
    assert "job a has ended" in console("queue", "pause", "--job", "a").err
    assert "no job 'nobody'" in console("queue", "resume", "--job", "nobody").err
    assert "no job ''" in console("queue", "pause", "--job", "").err
    assert queue.inspect.pauses() == []
    ended = console("queue", "pause", "--job", "a", "--lane", "bulk")
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert "not both at once" in ended.err


@pytest.mark.usefixtures("worked")
def test_show_names_what_waits_what_is_stuck_and_why(console: Console) -> None:
    """In its first lines the numbers by lane and the dispatcher's decision, then the newest jobs and dead letters."""
    said = console("queue", "show").out
    first, decided, *rest = said.splitlines()
    assert first.startswith("3 ready (urgent 0, normal 1, bulk 2) · 0 in flight · 1 delayed · 1 dead · 1 done · 1 container")
    assert decided.startswith("dispatcher: 4 ready → 1 container")
    assert "the newest 2 jobs" in rest
    assert "the newest dead letter" in rest
    assert f"BadInput: {REASON}"[:40] in said


def test_show_lists_as_many_jobs_as_asked_for(console: Console, queue: SceneQueue) -> None:
    """The newest of them."""
    for name in ("a", "b", "c"):
        submit(queue, name, 1)
    told = json.loads(console("queue", "show", "--limit", "2", "--json").out)
    assert len(told["jobs"]) == 2
    assert told["depth"]["counts"]["ready"] == 3


def test_show_without_a_dispatcher_says_so(console: Console, queue: SceneQueue) -> None:
    """Nothing would be launched."""
    submit(queue, "a", 1)
    assert "dispatcher: none has acted in the last minute" in console("queue").out


def test_peek_is_in_the_order_of_leases(console: Console, queue: SceneQueue) -> None:
    """Lane before lane, as many as asked for, or one lane alone."""
    submit(queue, "slow", 2, lane=Lane.BULK)
    submit(queue, "now", 2, lane=Lane.URGENT)
    told = json.loads(console("queue", "peek", "--json").out)
    leased = [(lease.job_id, lease.item_id) for lease in queue.worker.lease("c1", 4)]
    assert [(each["job_id"], each["item_id"]) for each in told] == leased
    submit(queue, "next", 3)
    assert len(json.loads(console("queue", "peek", "--count", "2", "--json").out)) == 2
    assert json.loads(console("queue", "peek", "--lane", "urgent", "--json").out) == []
    assert {each["job_id"] for each in json.loads(console("queue", "peek", "--lane", "normal", "--json").out)} == {"next"}


@pytest.mark.parametrize(
    "words", [("queue", "peek", "--count", "0"), ("queue", "peek", "--lane", "fast"), ("queue", "show", "--limit", "0")]
)
def test_a_wrong_option_is_exit_2_and_no_output(console: Console, words: tuple[str, ...]) -> None:
    """The option is named."""
    ended = console(*words)
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert words[2] in ended.err


def test_a_job_that_waits_has_its_reason_in_status(console: Console, queue: SceneQueue) -> None:
    """A paused queue is one."""
    submit(queue, JOB, 1)
    queue.operator.pause()
    assert "it waits: " in console("status", JOB).out
    assert json.loads(console("status", JOB, "--json").out)["waits_because"]["code"]


def test_history_shows_what_the_dispatcher_has_told(console: Console, queue: SceneQueue) -> None:
    """The newest row first, as a table and in JSON; without a dispatcher it says so."""
    assert console("queue", "history").out == "no history; a dispatcher writes it while it runs\n"
    fence = queue.dispatcher.acquire("a", 60)
    assert fence is not None
    submit(queue, "a", 2)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    queue.dispatcher.record_sample(fence, 3, 0.125)
    told = json.loads(console("queue", "history", "--by", "minute", "--json").out)
    assert told[0].keys() == {"at_ms", "ready", "containers", "usd", "done", "dead", "dead_by_reason"}
    assert (told[0]["containers"], told[0]["usd"], told[0]["dead_by_reason"]) == (3, 0.125, {"BadInput": 1})
    shown = console("queue", "history").out
    assert "most ready" in shown
    assert "0.1250" in shown
    assert "BadInput" in shown
    assert console("queue", "history", "--limit", "0").code == Exit.USAGE


def test_retries_of_a_job_are_due_at_once_when_an_operator_says_so(console: Console, queue: SceneQueue) -> None:
    """With the number; a second time there are none."""
    submit(queue, "a", 2)
    for lease in queue.worker.lease("c1", 2):
        queue.worker.fail("c1", lease, "ToolFailed", said("no"), transient=True, retry_in_s=300)
    assert console("queue", "retry-now", "a", "--why", "mended").out == "2 retries due now\n"
    assert json.loads(console("queue", "retry-now", "a", "--json").out) == {"retried": 0}
    assert console("queue", "retry-now", "none").code == Exit.FAILED
