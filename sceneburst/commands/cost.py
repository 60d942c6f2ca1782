"""`sceneburst cost`: what a job, or a day, has cost."""

from typing import Annotated, Any

import typer

from sceneburst.terminal.screen import JsonFlag, Namespace, RedisUrl, connected, print_json, say
from scenequeue.counted import Number, counted

#: The ledger is read whole: what is left out would cost nothing.
_ALL_CONTAINERS = 100_000


def cost(
    job_id: Annotated[
        str | None, typer.Argument(help="The job's id; none: everything of the last day.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Show the cost of a job's containers on Fargate, or what it would be; without a job: all containers of the last day.

    Containers are remembered for a day: of an older job it is no longer known what it cost, and that is said.
    """
    from dispatcher.decisions.job_costs import costs_by_fleet, failed_attempts, forgotten, job_costs
    from dispatcher.decisions.pricing import hourly_usd, prices

    with connected(redis_url, namespace) as queue:
        records, now_ms = queue.inspect.containers(_ALL_CONTAINERS), queue.inspect.now_ms()
        alive = [record for record in records if record.state not in {"gone", "failed"}]
        data: dict[str, Any] = {"prices_as_of": prices().as_of, "usd_per_hour_now": round(hourly_usd(alive), 6)}
        lost = 0
        if job_id is None:
            costs, done = costs_by_fleet(records, now_ms), sum(record.done for record in records)
            data |= {"by_fleet": _rounded(costs), "containers": len(records)}
        else:
            found = list(queue.producer.all_results(job_id))
            failed = failed_attempts(queue.producer.all_events(job_id))
            costs = job_costs(found, records, now_ms, failed)
            # A film is no scene, though it costs.
            done = sum(result.state == "done" and result.item_id.startswith("0-") for result in found)
            lost = len(forgotten(found, records, failed))
            data |= {"job_id": job_id, "containers": _rounded(costs), "containers_forgotten": lost}
    total = sum(costs.values())
    # A part of the bill is no bill, and no price of a scene.
    per_scene = round(total / done, 6) if done and not lost else None
    data |= {"estimated_cost_usd": None if lost else round(total, 6), "scenes_done": done, "usd_per_scene": per_scene}
    if as_json:
        print_json(data)
        return
    if lost:
        rest = f"; the other {len(costs)} cost about ${total:.6f}" if costs else ""
        what = f"of the containers that worked for {job_id}, {lost} ended more than a day ago"
        say(f"no longer known: {what}{rest}")
        return
    each = f", ${total / done:.6f} a scene" if done else ""
    what = counted(len(costs), "container") if job_id else f"{counted(len(records), 'container')} of the last day"
    say(f"about ${total:.6f} for {what}{each} (list prices of {prices().as_of}, Spot estimated)")
    if job_id is None and alive:
        say(f"{Number(len(alive)):1 of them runs|# of them run}, at ${hourly_usd(alive):.4f} an hour")


def _rounded(costs: dict[str, float]) -> dict[str, float]:
    return {name: round(usd, 6) for name, usd in costs.items()}
