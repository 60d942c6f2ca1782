"""Each rule of the front view: what is wrong, with which input, since when, and what to do."""

from typing import Any

import pytest

from sceneburst.overview.trouble import Act, Severity
from sceneburst.overview.troubles import troubles_of, unreachable
from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.jobs.job import Lane, Pause, WaitingItems
from scenequeue.ports.troubles.failing_callbacks import FailingReceiver
from scenequeue.ports.troubles.retries import Retry
from scenequeue.ports.troubles.stuck_items import StuckItem
from scenequeue.published.facts import ContainerTrouble, Facts, SilentContainer
from scenequeue.reasons import Reason
from tests.sceneburst.overview.facts import NOW_MS, PLAN, SAFE, container, dead_reason, depth, facts, letter, of_job, only, texts
from tests.support.reasons import said


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"depth": depth(ready=50_000, leased=40), "containers": [container(held=2)]},
        {"depth": depth(delayed=2, leased=5), "retries": (Retry(JobId("a"), ItemId("0-0"), 1, letter().errors[0]),)},
        {"plan": PLAN | {"waits_because": {"code": "all_at_work", "parameters": {"containers": 3}}}},
        {"plan": PLAN | {"waits_because": {"code": "starting", "parameters": {"containers": 3}}}},
        {"server": SAFE | {"aof_enabled": 0}, "is_transient": True},
        {"server": None},
        {"containers": [container(state="gone", beat_ms=1), container("c2", state="launched", beat_ms=0)]},
    ],
)
def test_a_queue_that_is_merely_busy_has_no_trouble(parts: dict[str, Any]) -> None:
    """Waiting, retrying now and then, starting, and having ended are how it works."""
    assert troubles_of(facts(**parts)) == ()


@pytest.mark.parametrize(
    ("pause", "told", "target"),
    [
        (Pause(about="", by="ann@ops", why="disk full", since_ms=5),
         ("everything paused", 'ann@ops paused it: "disk full"', "resume when that is over: `sceneburst queue resume`"), {}),
        (Pause(about="lane=bulk", by="ann@ops"),
         ("lane bulk paused", "ann@ops paused it, without a reason",
          "resume when that is over: `sceneburst queue resume --lane bulk`"), {"lane": "bulk"}),
        (Pause(about="job=a", ready=7),
         ("job a paused", "somebody paused it, without a reason", "resume when that is over: `sceneburst queue resume --job a`"),
         {"job": "a"}),
    ],
)  # fmt: skip
def test_a_pause_is_told_with_who_why_and_since(pause: Pause, told: tuple[str, ...], target: dict[str, str]) -> None:
    """It stops work only where some waits."""
    waiting = depth(ready=7).model_copy(update={"ready_by_lane": {Lane.BULK: 7}, "ready_of_paused_jobs": 7})
    found = only(facts(depth=waiting, pauses=[pause]))
    assert (texts(found), found.target, found.since_ms) == (told, target, pause.since_ms or None)
    assert (found.severity, Act.RESUME in found.acts) == (Severity.STOPS, True)
    assert found.amount == 7
    idle = pause.model_copy(update={"ready": 0})
    assert only(facts(pauses=[idle])).severity is Severity.THREATENS


_NO_ROOM = ContainerTrouble(
    name="RESOURCE:FARGATE",
    problem=said("ECS in eu-central-1: RESOURCE:FARGATE"),
    place="FARGATE_SPOT eu-central-1",
    last_hour=4,
    since_ms=NOW_MS - 300_000,
    last_ms=NOW_MS - 9000,
    next_ms=NOW_MS + 40_000,
    containers=(ContainerId("c9"),),
)


def test_refused_launches_are_told_by_the_fleets_own_name_with_the_next_try() -> None:
    """Without capacity, waiting is enough."""
    found = only(facts(depth=depth(ready=5), published=Facts(refused=(_NO_ROOM,))))
    assert texts(found) == (
        "4 launches refused",
        "FARGATE_SPOT eu-central-1: ECS in eu-central-1: RESOURCE:FARGATE",
        "it is tried again by itself; more subnets, regions or on-demand capacity help, or a higher quota",
    )
    assert (found.severity, found.since_ms, found.next_ms) == (Severity.STOPS, NOW_MS - 300_000, NOW_MS + 40_000)
    places = Reason("several", {"reasons": (said("subnet-a: RESOURCE:FARGATE"), said("subnet-b: RESOURCE:FARGATE"))})
    everywhere = only(facts(depth=depth(ready=5), published=Facts(refused=(_NO_ROOM._replace(problem=places, place=""),))))
    assert everywhere.problem.text == "subnet-a: RESOURCE:FARGATE (1 more place refuses)"
    denied = _NO_ROOM._replace(name="AccessDeniedException", problem=said("not authorized"), place="")
    busy = only(facts(depth=depth(ready=5, leased=1), published=Facts(refused=(denied,))))
    assert (busy.severity, busy.problem.text) == (Severity.FAILS, "AccessDeniedException: not authorized")
    assert busy.remedy.code == "do_correct_fleet"


def test_false_starts_are_told_with_the_log_to_look_at() -> None:
    """Of the newest container."""
    started = _NO_ROOM._replace(name="exited", problem=said("ended with code 1"), place="")
    found = only(facts(depth=depth(ready=5), published=Facts(false_starts=(started,))))
    assert texts(found) == (
        "4 false starts",
        "containers end before their first item: ended with code 1",
        "correct image, settings or network; the log of c9 has its last lines",
    )


@pytest.mark.parametrize(
    ("code", "key", "severity"),
    [
        ("no_capacity", "refused", Severity.STOPS),
        ("launches_fail", "refused", Severity.STOPS),
        ("false_starts", "false_starts", Severity.STOPS),
        ("fleet_unseen", "fleet", Severity.STOPS),
    ],
)
def test_a_dispatcher_that_tells_only_why_it_waits_is_understood_too(code: str, key: str, severity: Severity) -> None:
    """As one of an earlier version does."""
    waits = {"code": code, "parameters": {"problem": {"code": "other", "parameters": {"text": "no"}}}}
    found = only(facts(depth=depth(ready=5), plan=PLAN | {"waits_because": waits}))
    assert (found.key, found.severity) == (key, severity)
    assert found.problem.text.endswith(": no")


def test_work_that_no_image_serves_is_told_with_its_image() -> None:
    """And since when it waits."""
    alarm = Reason("unserved", {"need": "render/9", "items": 3, "image": "shop:1"}).to_json()
    waiting = WaitingItems(Lane.NORMAL, "render/9", 3, 3.0, 90.0)
    found = only(facts(depth=depth(ready=3), waiting=[waiting], plan=PLAN | {"alarms": [alarm]}))
    assert texts(found) == (
        "3 items unserved",
        "no container of shop:1 serves render/9",
        "deploy an image of the version that submitted the work, or cancel its jobs",
    )
    assert (found.severity, found.since_ms) == (Severity.STOPS, NOW_MS - 90_000)


def test_work_that_the_dispatcher_does_not_see_wants_a_newer_dispatcher() -> None:
    """It waits in a structure that only newer versions know."""
    waiting = WaitingItems(Lane.NORMAL, "render/1", 3, 3.0, 90.0)
    found = only(facts(depth=depth(ready=3), waiting=[waiting], structures=(3, 2)))
    assert (found.title.text, found.remedy.code) == ("old dispatcher", "do_upgrade_dispatcher")


def test_a_spent_budget_is_told_with_its_figures() -> None:
    """It stops all, or only holds launches back."""
    numbers = {"usd_per_hour_each": 0.0494, "budget_usd_per_hour": 0.03, "setting": "x", "remedy": {"code": "raise_setting"}}
    found = only(facts(depth=depth(ready=8), plan=PLAN | {"waits_because": {"code": "over_budget", "parameters": numbers}}))
    assert texts(found) == (
        "budget spent",
        "8 items wait: a further container of $0.0494 an hour would exceed the budget of $0.03 an hour",
        "raise it, or wait: `sceneburst limits set budget_usd_per_hour=…`",
    )
    assert (found.severity, found.target) == (Severity.STOPS, {"limit": "budget_usd_per_hour"})
    published = Facts(budget_usd_per_hour=3, is_cut_by_budget=True)
    cut = only(facts(depth=depth(ready=8, leased=4), published=published))
    assert (cut.severity, cut.problem.text) == (
        Severity.THREATENS, "the budget of $3 an hour holds launches back; $0.50 are in use",
    )  # fmt: skip


def test_without_a_dispatcher_waiting_work_stops_and_resting_work_is_in_danger() -> None:
    """Containers that were started by hand work without one."""
    stopped = only(facts(depth=depth(ready=2), has_dispatcher=False))
    assert texts(stopped) == (
        "no dispatcher",
        "nothing launches or stops containers: 2 items wait, and no container takes work",
        "start one: `sceneburst dispatcher`; if it is a service, its log says why it ended",
    )
    assert (stopped.severity, stopped.since_ms) == (Severity.STOPS, NOW_MS - 1000)
    by_hand = only(facts(depth=depth(ready=2), has_dispatcher=False, plan=None, containers=[container()]))
    assert (by_hand.severity, by_hand.since_ms) == (Severity.THREATENS, None)


def test_a_silent_container_is_told_with_what_it_holds() -> None:
    """The dispatcher tells of it; without one, its record does."""
    published = Facts(silent=(SilentContainer(ContainerId("c7"), NOW_MS - 45_000, 2),), silent_after_s=60)
    found = only(facts(published=published))
    assert texts(found)[:2] == ("1 container silent", "c7 has not reported for 45 s, and has 2 items in work")
    assert (found.severity, found.since_ms, found.target) == (Severity.FAILS, NOW_MS - 45_000, {"container": "c7"})
    several = only(facts(published=published, containers=[container(beat_ms=NOW_MS - 90_000)]))
    assert several.problem.text == "2 containers have not reported for 90 s or more, such as c1"


def test_a_stuck_item_is_told_beside_its_usual_time() -> None:
    """With the container to stop."""
    stuck = StuckItem(JobId("a"), ItemId("0-0"), "harbour", ContainerId("c1"), NOW_MS - 900_000, 12.4)
    found = only(facts(stuck_items=[stuck]))
    assert texts(found) == (
        "1 item stuck",
        "harbour of job a is in work for 900 s on c1; usual are 12 s",
        "see its log; `sceneburst containers stop c1` gives its items to others",
    )
    assert only(facts(stuck_items=[stuck._replace(usual_s=None)])).problem.text == "harbour of job a is in work for 900 s on c1"


def _lost(name: str, *items: str) -> Any:
    ended = {"code": "killed_unexplained", "parameters": {"signal": "9 (SIGKILL)"}}
    return container(name, state="failed", ended_ms=NOW_MS - 5000, progress=dict.fromkeys(items, 0.5), **ended)


def test_a_job_with_which_containers_are_lost_again_and_again_is_named() -> None:
    """One loss is a container's, two with items of the same job are the job's."""
    trouble = _NO_ROOM._replace(
        name="killed", problem=said("killed"), place="", containers=(ContainerId("c1"), ContainerId("c2"))
    )
    published = Facts(lost=(trouble,))
    found = only(facts(published=published, containers=[_lost("c1", "a/0-0"), _lost("c2", "a/0-0", "b/0-1")]))
    assert (found.title.text, found.target) == ("job a ends containers", {"job": "a", "container": "c2"})
    assert found.problem.text.startswith("2 containers were lost with its items in work: ")
    assert Act.PAUSE_JOB in found.acts
    single = only(facts(published=published, containers=[_lost("c1", "a/0-0")]))
    assert (single.title.text, single.severity) == ("4 containers lost", Severity.THREATENS)


def test_a_receiver_that_does_not_accept_callbacks_is_named() -> None:
    """With the next try; posts are repeated by themselves."""
    receiver = FailingReceiver("hooks.example", 3, Reason("receiver_answered", {"status": 503}), NOW_MS - 60_000, NOW_MS + 5000)
    found = only(facts(receivers=[receiver]))
    assert texts(found) == (
        "3 callbacks fail",
        "hooks.example does not accept callbacks: the receiver answered 503",
        "mend the receiver; posts are repeated by themselves for a day",
    )
    assert (found.next_ms, found.since_ms) == (NOW_MS + 5000, NOW_MS - 60_000)


@pytest.mark.parametrize(
    ("info", "title", "severity"),
    [
        ({"maxmemory": 100, "used_memory": 95}, "Redis nearly full", Severity.THREATENS),
        ({"aof_enabled": 0}, "Redis unsafe", Severity.THREATENS),
        ({"maxmemory_policy": "allkeys-lru"}, "Redis unsafe", Severity.THREATENS),
        ({"rdb_last_bgsave_status": "err"}, "Redis unsafe", Severity.STOPS),
        ({"role": "slave"}, "Redis unsafe", Severity.STOPS),
    ],
)
def test_a_server_by_which_work_is_lost_or_refused_is_told(info: dict[str, Any], title: str, severity: Severity) -> None:
    """As `sceneburst doctor` finds it."""
    found = only(facts(server=SAFE | info))
    assert (found.title.text, found.severity) == (title, severity)


def test_what_may_not_be_read_or_is_no_number_is_told() -> None:
    """A view that is incomplete says so."""
    damaged = depth().model_copy(update={"malformed": ("ready",)})
    first, second = troubles_of(facts(depth=damaged, unreadable=said("no permission")))
    assert (first.title.text, second.title.text) == ("numbers damaged", "view incomplete")
    assert unreachable(said("Redis at x does not answer")).severity is Severity.STOPS


def test_the_worst_comes_first_and_the_order_depends_on_nothing_else() -> None:
    """First what stops work, then what fails, then what may be lost; of the same, the most."""
    reasons = [dead_reason(n, of_job("a", 1, done=1), reason=f"r{n}") for n in (1, 3, 2)]
    given = facts(depth=depth(ready=1), dead_reasons=reasons, has_dispatcher=False, server=SAFE | {"aof_enabled": 0})
    order = ["no_dispatcher", "letters reason=r3", "letters reason=r2", "letters reason=r1", "redis problem=persistence"]
    assert [each.key for each in troubles_of(given)] == order
    assert troubles_of(facts(**{**given.__dict__, "dead_reasons": reasons[::-1]})) == troubles_of(given)
