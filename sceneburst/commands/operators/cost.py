"""`sceneburst cost`: the cost of a job, or of a day."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from sceneburst.counted import Number, counted
from sceneburst.terminal.screen import JsonFlag, Namespace, RedisUrl, connected, print_json, say
from scenequeue.jobs.container import ALL_CONTAINERS
from scenequeue.jobs.ids import ContainerId

#: The fleet whose containers are paid for.
_FARGATE = "fargate"


def cost(
    job_id: Annotated[
        str | None, typer.Argument(help="The job's id; without it, all containers of the last day.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Show the cost of a job's containers on Fargate, or what it would be; without a job: all containers of the last day.

    A job's cost is its share of the containers that finished or failed its scenes. Attempts that were lost with a killed
    container are not in it; without a job, all containers are. Records of containers are kept for a day; the cost of an older
    job is reported as unknown.
    """
    from dispatcher.decisions.job_costs import bill_of_day, bill_of_job, failed_attempts
    from dispatcher.decisions.pricing import hourly_usd, prices

    with connected(redis_url, namespace) as queue:
        records, now_ms = queue.inspect.containers(ALL_CONTAINERS), queue.inspect.now_ms()
        alive = [record for record in records if not record.has_ended]
        data: dict[str, Any] = {"prices_as_of": prices().as_of, "usd_per_hour_now": round(hourly_usd(alive), 6)}
        if job_id is None:
            bill = bill_of_day(records, now_ms)
            data |= {"by_fleet": _rounded(bill.parts), "containers": len(records)}
            on_fargate = bill.parts.get(_FARGATE, 0.0)
        else:
            failed = failed_attempts(queue.producer.all_events(job_id))
            found = list(queue.producer.results(job_id))
            bill = bill_of_job(found, records, now_ms, failed)
            data |= {"job_id": job_id, "containers": _rounded(bill.parts), "containers_forgotten": bill.forgotten}
            fleets = {record.container_id: record.fleet for record in records}
            on_fargate = sum(usd for name, usd in bill.parts.items() if fleets.get(ContainerId(name)) == _FARGATE)
    whole, each = bill.total_usd, bill.usd_per_scene
    data |= {
        "estimated_cost_usd": None if whole is None else round(whole, 6),
        "scenes_done": bill.scenes_done,
        "usd_per_scene": None if each is None else round(each, 6),
        "fargate_usd": round(on_fargate, 6),
    }
    if as_json:
        print_json(data)
        return
    if whole is None:
        rest = f"; the other {len(bill.parts)} cost about ${bill.known_usd:.6f}" if bill.parts else ""
        what = f"of the containers that worked for {job_id}, {bill.forgotten} ended more than a day ago"
        say(f"no longer known: {what}{rest}")
        return
    per_scene = "" if each is None else f", ${each:.6f} a scene"
    what = counted(len(bill.parts), "container") if job_id else f"{counted(len(records), 'container')} of the last day"
    say(f"about ${whole:.6f} for {what}{per_scene} (list prices of {prices().as_of}, Spot estimated)")
    if bill.parts and whole > on_fargate:
        others = f"${whole - on_fargate:.6f} of it is" if on_fargate else "this is"
        say(f"{others} what the same would cost on Fargate: those containers ran elsewhere, and AWS charges nothing for them")
    if job_id is None and alive:
        say(f"{Number(len(alive)):1 of them runs|# of them run}, at ${hourly_usd(alive):.4f} an hour")


def _rounded(costs: Mapping[str, float]) -> dict[str, float]:
    return {name: round(usd, 6) for name, usd in costs.items()}
