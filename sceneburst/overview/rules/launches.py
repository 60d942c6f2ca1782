"""Troubles of launches: refused ones, false starts, a fleet that is not seen, needs that nothing serves, a spent budget."""

from collections.abc import Iterator, Mapping
from typing import Any

from dispatcher.fleets.fargate.ecs_errors import EcsProblem, lacks_capacity
from sceneburst.overview.codes import Code
from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.rules.remedies import brief
from sceneburst.overview.trouble import Act, Severity, Trouble
from scenequeue.jobs.need import split_need
from scenequeue.published.facts import ContainerTrouble
from scenequeue.published.values import maps_in, number, numbers_in
from scenequeue.reasons import Code as QueueCode, Parameter, Reason

_UNSERVED_CODES = frozenset({"unserved", "unserved_structure"})


def refused_launches(facts: QueueFacts) -> Iterator[Trouble]:
    """Find launches that the fleet refuses, each error by its own name."""
    severity = _severity(facts)
    for each in facts.published.refused:
        is_short = lacks_capacity(EcsProblem(each.name, each.problem.plain()))
        remedy = Code.DO_WAIT_FOR_CAPACITY if is_short else Code.DO_CORRECT_FLEET
        yield _trouble_of(each, "refused", severity, (Code.TITLE_REFUSED, "launches"), _refusal_of(each), Reason(remedy))
    if facts.published.refused:
        return
    told = _waits_because(facts)
    if told and told.code in {QueueCode.NO_CAPACITY, QueueCode.LAUNCHES_FAIL}:
        remedy = Code.DO_WAIT_FOR_CAPACITY if told.code == QueueCode.NO_CAPACITY else Code.DO_CORRECT_FLEET
        yield Trouble(
            key="refused",
            severity=severity,
            title=Reason(Code.TITLE_NO_LAUNCH),
            problem=told,
            remedy=Reason(remedy),
            acts=(Act.SEE_DOCTOR,),
        )


def _refusal_of(each: ContainerTrouble) -> Reason:
    """Return the fleet's refusal, preceded by its name and place where its own words do not contain them."""
    said, more = _first_of(each.problem)
    if each.name and each.name not in said.plain():
        said = Reason(Code.REFUSED_AS, {"name": each.name, "problem": said})
    if _is_apart(each.place, said):
        said = Reason(Code.REFUSED_AT, {"place": each.place, "problem": said})
    return Reason(Code.REFUSED_ELSEWHERE_TOO, {"problem": said, "places": more}) if more else said


def _first_of(problem: Reason) -> tuple[Reason, int]:
    """Return the first of several refusals, one for each place that was tried, and the number of the others."""
    several = problem.parameters.get("reasons")
    if problem.code == QueueCode.SEVERAL and isinstance(several, tuple) and several:
        return brief(several[0]), len(several) - 1
    return brief(problem), 0


def _is_apart(place: str, said: Reason) -> bool:
    return bool(place) and not all(word in said.plain() for word in place.split())


def false_starts(facts: QueueFacts) -> Iterator[Trouble]:
    """Find containers that end before their first item."""
    for each in facts.published.false_starts:
        problem = Reason(Code.FALSE_STARTS_NOW, {"problem": brief(each.problem)})
        log = each.containers[0] if each.containers else ""
        remedy = Reason(Code.DO_LOOK_AT_STARTS, {"container_id": log}) if log else Reason(Code.DO_CORRECT_FLEET)
        yield _trouble_of(each, "false_starts", _severity(facts), (Code.TITLE_FALSE_STARTS, "containers"), problem, remedy)
    told = _waits_because(facts)
    if told and told.code == QueueCode.FALSE_STARTS and not facts.published.false_starts:
        yield Trouble(
            key="false_starts",
            severity=Severity.STOPS,
            title=Reason(Code.TITLE_NO_LAUNCH),
            problem=told,
            remedy=Reason(Code.DO_CORRECT_FLEET),
            acts=(Act.SEE_CONTAINERS,),
        )


def unseen_fleet(facts: QueueFacts) -> Iterator[Trouble]:
    """Find out whether the dispatcher cannot list its containers."""
    told = _waits_because(facts)
    if told and told.code == QueueCode.FLEET_UNSEEN:
        yield Trouble(
            key="fleet",
            severity=Severity.STOPS,
            title=Reason(Code.TITLE_FLEET),
            problem=told,
            remedy=Reason(Code.DO_CORRECT_FLEET),
            acts=(Act.SEE_DOCTOR,),
        )


def unserved_needs(facts: QueueFacts) -> Iterator[Trouble]:
    """Find work that no container can do: the images at hand do not serve its need, or the dispatcher does not see it."""
    plan = facts.plan or {}
    ages = {waiting.need: waiting.oldest_s for waiting in facts.waiting}
    alarms = [Reason.from_json(alarm) for alarm in maps_in(plan.get("alarms"))]
    for alarm in alarms:
        need, items, image = (alarm.parameters.get(name) for name in ("need", "items", "image"))
        if alarm.code not in _UNSERVED_CODES or not isinstance(need, str) or not isinstance(items, int):
            continue
        yield _unserved(
            (need, items, facts.at_ms, ages.get(need)),
            Reason(Code.UNSERVED_BY, {"need": need, "image": str(image)}),
            Reason(Code.DO_DEPLOY_IMAGE),
            Reason(Code.TITLE_UNSERVED, {"items": items}),
        )
    seen = numbers_in(plan.get("structures")) or [2]
    for waiting in facts.waiting if facts.plan else ():
        structure = split_need(waiting.need, facts.structures[0])[1]
        if structure not in seen:
            yield _unserved(
                (f"{waiting.need} {waiting.lane.value}", waiting.ready, facts.at_ms, waiting.oldest_s),
                Reason(QueueCode.OLDER_DISPATCHER, {"structure": structure}),
                Reason(Code.DO_UPGRADE_DISPATCHER),
                Reason(Code.TITLE_OLD_DISPATCHER),
            )


def _unserved(about: tuple[str, int, int, float | None], problem: Reason, remedy: Reason, title: Reason) -> Trouble:
    need, items, at_ms, oldest_s = about
    return Trouble(
        key=f"unserved need={need}",
        severity=Severity.STOPS,
        title=title,
        problem=problem,
        remedy=remedy,
        amount=items,
        since_ms=None if oldest_s is None else at_ms - int(oldest_s * 1000),
        acts=(Act.SEE_CONTAINERS,),
        target={"need": need},
    )


def spent_budget(facts: QueueFacts) -> Iterator[Trouble]:
    """Find out whether the budget holds launches back."""
    told = _waits_because(facts)
    budget = facts.published.budget_usd_per_hour
    spent = float(number((facts.plan or {}).get("usd_per_hour")))
    about: dict[str, Any] = {"key": "budget", "title": Reason(Code.TITLE_BUDGET), "acts": (Act.SEE_LIMITS,)}
    about |= {"amount": facts.depth.counts.ready, "target": {"limit": "budget_usd_per_hour"}}
    if told and told.code == QueueCode.OVER_BUDGET:
        numbers = {name: told.parameters.get(name) for name in ("usd_per_hour_each", "budget_usd_per_hour")}
        if all(isinstance(each, int | float) for each in numbers.values()):
            known: Mapping[str, Parameter] = {name: float(str(each)) for name, each in numbers.items()}
            told = Reason(Code.BUDGET_KEEPS_WAITING, {"items": facts.depth.counts.ready, **known})
        severity = Severity.THREATENS if _is_at_work(facts) else Severity.STOPS
        yield Trouble(severity=severity, problem=told, remedy=Reason(Code.DO_RAISE_BUDGET), **about)
    elif facts.published.is_cut_by_budget and budget is not None:
        problem = Reason(Code.BUDGET_LIMITS, {"budget_usd_per_hour": float(budget), "usd_per_hour": spent})
        yield Trouble(severity=Severity.THREATENS, problem=problem, remedy=Reason(Code.DO_RAISE_BUDGET), **about)


def _trouble_of(
    each: ContainerTrouble, kind: str, severity: Severity, title: tuple[Code, str], problem: Reason, remedy: Reason
) -> Trouble:
    code, counted = title
    return Trouble(
        key=f"{kind} name={each.name} place={each.place}",
        severity=severity,
        title=Reason(code, {counted: each.last_hour}),
        problem=problem,
        remedy=remedy,
        amount=each.last_hour,
        since_ms=each.since_ms or None,
        next_ms=each.next_ms,
        acts=(Act.SEE_CONTAINERS,),
        target={"container": each.containers[0]} if each.containers else {},
    )


def _severity(facts: QueueFacts) -> Severity:
    """Return the severity of containers that do not come up: worse if none works."""
    return Severity.FAILS if _is_at_work(facts) or not facts.depth.counts.ready else Severity.STOPS


def _is_at_work(facts: QueueFacts) -> bool:
    return facts.depth.counts.leased > 0


def _waits_because(facts: QueueFacts) -> Reason | None:
    told = (facts.plan or {}).get("waits_because")
    return Reason.from_json(told) if isinstance(told, Mapping) else None
