"""`sceneburst cost`: what a job, or a day, has cost."""

from typing import Annotated, Any

import typer

from console.screen import JsonFlag, Namespace, RedisUrl, connected, out, print_json

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
    """What a job's containers cost on Fargate, or would have; without a job: all containers of the last day."""
    from dispatcher.costing import costs_by_fleet, job_costs
    from dispatcher.pricing import hourly_usd, prices

    with connected(redis_url, namespace) as queue:
        records, now_ms = queue.inspect.containers(_ALL_CONTAINERS), queue.inspect.now_ms()
        alive = [record for record in records if record.state not in {"gone", "failed"}]
        data: dict[str, Any] = {"prices_as_of": prices().as_of, "usd_per_hour_now": round(hourly_usd(alive), 6)}
        if job_id is None:
            costs, done = costs_by_fleet(records, now_ms), sum(record.done for record in records)
            data |= {"by_fleet": _rounded(costs), "containers": len(records)}
        else:
            queue.inspect.job(job_id)
            found = list(queue.producer.results(job_id))
            costs, done = job_costs(found, records, now_ms), sum(result.state == "done" for result in found)
            data |= {"job_id": job_id, "containers": _rounded(costs)}
    total = sum(costs.values())
    per_scene = round(total / done, 6) if done else None
    data |= {"estimated_cost_usd": round(total, 6), "scenes_done": done, "usd_per_scene": per_scene}
    if as_json:
        print_json(data)
        return
    each = f", ${total / done:.6f} a scene" if done else ""
    what = f"{len(costs)} containers" if job_id else f"{len(records)} containers of the last day"
    out.print(f"about ${total:.6f} for {what}{each} (list prices of {prices().as_of}, Spot estimated)", highlight=False)
    if job_id is None and alive:
        out.print(f"{len(alive)} of them run, at ${hourly_usd(alive):.4f} an hour", highlight=False)


def _rounded(costs: dict[str, float]) -> dict[str, float]:
    return {name: round(usd, 6) for name, usd in costs.items()}
