"""Groups waiting items into the workloads that containers are launched for."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from dispatcher.codes import Code
from dispatcher.decisions.planning.backlog import Backlog, Profile, Waiting
from dispatcher.decisions.planning.coverage import Demand, Room, Serves, can_serve
from dispatcher.decisions.planning.policies import Workload
from dispatcher.decisions.planning.wishes import CoveredJob
from scenequeue.jobs.job import Lane
from scenequeue.jobs.need import need_in, split_need
from scenequeue.reasons import Reason

#: Processing seconds per unit of weight on one slot, until a rate has been measured (about 0.7 at 1080p).
UNMEASURED_RATE = 1.0


def demands_of(backlog: Backlog) -> list[Demand]:
    """List all demands in the order in which they are served: jobs without wishes lane by lane, then those with wishes."""
    left = {waiting.need: dict(waiting.ready_by_lane) for waiting in backlog.needs}
    for job in backlog.jobs:
        lanes, own = left.get(_need_of(job.need, backlog), {}), job.ready
        # The lane of a job that is not urgent is unknown here; any other lane is used only if counts were read apart.
        for lane in (Lane.URGENT, Lane.NORMAL, Lane.BULK) if job.is_urgent else (Lane.NORMAL, Lane.BULK, Lane.URGENT):
            taken = min(own, lanes.get(lane, 0))
            lanes[lane] = lanes.get(lane, 0) - taken
            own -= taken
    others = [Demand(waiting.need, left[waiting.need].get(lane, 0)) for lane in Lane for waiting in backlog.needs]
    return [*others, *(Demand(_need_of(job.need, backlog), job.ready, job.job_id) for job in backlog.jobs)]


def _need_of(need: str, backlog: Backlog) -> str:
    """Return the need of a job; a job may leave it out if there is only one."""
    return need or (backlog.needs[0].need if backlog.needs else "")


def choose_profile(need: str, profiles: Sequence[Profile], counts: Mapping[Room, int]) -> Profile | None:
    """Return the cheapest image that serves a need, preferring one with room in its fleet; else one to probe."""
    able = [profile for profile in profiles if profile.is_known_to_serve(need)]
    if not able:
        # One container is enough for a probe, and none is needed if a present container serves the need.
        is_served = any(room.serves is not None and need in room.serves for room in counts)
        able = [profile for profile in profiles if need in profile.to_probe and not is_served]
    return min(able, key=lambda each: (each.room == 0, each.usd_per_hour[each.config_priority]), default=None)


def workloads(
    backlog: Backlog,
    demands: Sequence[Demand],
    uncovered: Sequence[int],
    chosen: Mapping[str, Profile | None],
    counts: Mapping[Room, int],
    rates: Mapping[str, float],
) -> Iterator[Workload]:
    """Group the ready items of jobs without wishes by the image that is launched for them."""
    ready: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for demand, more in zip(demands, uncovered, strict=True):
        profile = chosen.get(demand.need)
        # A probe follows no job's wishes.
        if not demand.job or (profile and not profile.is_known_to_serve(demand.need)):
            ready[demand.need] += demand.items
            left[demand.need] += more
    own_weight: dict[str, float] = defaultdict(float)
    for job in backlog.jobs:
        own_weight[_need_of(job.need, backlog)] += job.ready_weight
    groups: dict[tuple[str, bool], list[Waiting]] = defaultdict(list)
    found: dict[str, Profile] = {}
    for waiting in backlog.needs:
        profile = chosen[waiting.need]
        if profile and ready[waiting.need]:
            found[profile.name] = profile
            groups[profile.name, not profile.is_known_to_serve(waiting.need)].append(waiting)
    counted: set[Room] = set()
    for (name, is_probe), group in groups.items():
        needs = tuple(waiting.need for waiting in group)
        # Count each container once: one that serves needs of two images counts for the first.
        mine = [room for room in counts if not room.for_job and room not in counted and _serves_any(room.serves, needs)]
        counted.update(mine)
        yield Workload(
            found[name],
            needs,
            sum(ready[need] for need in needs),
            sum(left[need] for need in needs),
            sum(
                (max(0.0, waiting.weight - own_weight[waiting.need]) or float(ready[waiting.need])) * rate_of(waiting.need, rates)
                for waiting in group
            ),
            sum(counts[room] for room in mine),
            is_probe,
        )


def rate_of(need: str, rates: Mapping[str, float]) -> float:
    """Return the processing seconds per unit of weight; rates of other needs are in other units, and not used."""
    return rates.get(need, UNMEASURED_RATE)


def _serves_any(serves: Serves, needs: Sequence[str]) -> bool:
    return any(can_serve(serves, need) for need in needs)


def jobs_to_plan(
    backlog: Backlog,
    demands: Sequence[Demand],
    uncovered: Sequence[int],
    chosen: Mapping[str, Profile | None],
    counts: Mapping[Room, int],
) -> Iterator[CoveredJob]:
    """Return the jobs with wishes that an image serves; ready items of each need get containers of their own."""
    containers: Counter[str] = Counter()
    for room, count in counts.items():
        containers[room.for_job] += count
    missing = [more for demand, more in zip(demands, uncovered, strict=True) if demand.job]
    for job, more in zip(backlog.jobs, missing, strict=True):
        need = _need_of(job.need, backlog)
        profile = chosen.get(need)
        if profile and profile.is_known_to_serve(need):
            yield CoveredJob(job, more, containers[job.job_id], profile.name, (need,) if need else ())


def alarms_of(
    backlog: Backlog, uncovered: Mapping[str, int], chosen: Mapping[str, Profile | None], profiles: Sequence[Profile]
) -> Iterator[Reason]:
    """Return an alarm for each need that no container will take and no image is known to serve."""
    images = ", ".join(profile.name for profile in profiles)
    for waiting in backlog.needs:
        profile = chosen[waiting.need]
        if uncovered[waiting.need] and not (profile and profile.is_known_to_serve(waiting.need)):
            asked, structure = split_need(waiting.need, backlog.structures[0])
            facts: dict[str, str | int] = {"need": waiting.need, "items": uncovered[waiting.need], "image": images}
            elsewhere = {need_in(asked, other, backlog.structures[0]) for other in backlog.structures if other != structure}
            if any(profile.serves and profile.serves & elsewhere for profile in profiles):
                yield Reason(Code.UNSERVED_STRUCTURE, {**facts, "structure": structure})
            else:
                yield Reason(Code.UNSERVED, facts)
