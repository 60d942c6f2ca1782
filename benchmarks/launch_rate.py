"""Measures the time to launch a burst of containers, against the bound of the API's token buckets.

1,000 launches against the simulated ECS, with Fargate's published buckets (burst 100, 20 a second; AWS, "Amazon ECS service
quotas", Fargate task launch rate) and half a second for each answer, in three ways: by the fleet alone; by the whole
dispatcher, from a job's first tick on, with its ledger and its listing of the fleet; and, a tenth of them, by one thread that
waits a second after each refusal, as a script would. Exits 1 if one of ours takes more than 1.1 times the bound, or logs a
warning or an error.

    python -m benchmarks.launch_rate [--launches 1000] [--json]
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import structlog
from botocore.exceptions import ClientError

from benchmarks.targets import Target, exit_code, print_targets
from dispatcher.decisions.planning.policy import Policy
from dispatcher.fleet import SIZES, LaunchRequest
from dispatcher.fleets.fargate.fleet import FargateFleet
from dispatcher.fleets.fargate.request import placements, run_task_request
from dispatcher.fleets.settings import FargateSettings
from dispatcher.tick import Dispatcher
from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from tests.support.fargate_simulator import Faults, Simulator

_PER_S, _BURST = 20.0, 100
#: Time until RunTask answers.
_ANSWER_S = 0.5
#: Listing, describing and stopping have buckets of their own (AWS: sustained 20, burst 100).
_READS = (20.0, 100)
MAX_RATIO = 1.1


def _settings() -> FargateSettings:
    return FargateSettings.load(
        ecs_cluster="videos", ecs_task_definition="worker", ecs_regions=["us-east-1"], ecs_subnets=["subnet-a"]
    )


def _requests(count: int) -> list[LaunchRequest]:
    return [LaunchRequest(ContainerId(f"c{number}"), SIZES[5], 1) for number in range(count)]


def by_the_fleet(count: int) -> float:
    """Launch all by one call of the fleet."""
    fleet = FargateFleet(_settings())
    began = time.monotonic()
    results = fleet.launch(_requests(count))
    took_s = time.monotonic() - began
    assert not any(result.error for result in results)
    return took_s


def by_the_dispatcher(count: int) -> float:
    """Tick every two seconds, or as soon as the last tick has ended, until all are launched."""
    with tempfile.TemporaryDirectory(prefix="sb-") as folder, EmbeddedRedis(Path(folder)) as server:
        settings = DispatcherSettings.load(
            redis_url=server.url, fleet="fargate", scenes_per_batch=1, min_scenes_per_batch=1, config_priority=5,
            max_parallel_tasks=count, max_containers=count, launches_per_tick=Policy().launches_per_tick,
        )  # fmt: skip
        queue = SceneQueue(settings)
        items = [WorkItem(name=f"s{number}") for number in range(count)]
        queue.producer.submit(JobSpec(job_id=check_job_id("burst")), [items])
        dispatcher = Dispatcher(queue, FargateFleet(_settings()), settings)
        began = time.monotonic()
        launched = 0
        while launched < count:
            tick_began = time.monotonic()
            made = dispatcher.tick()
            assert made is not None
            launched += len(made.launches)
            took_s = time.monotonic() - began
            if launched < count:
                time.sleep(max(0.0, settings.tick_s - (time.monotonic() - tick_began)))
        dispatcher.close()
        queue.close()
    return took_s


def one_by_one(count: int) -> float:
    """Launch one after the other, with a pause after each refusal."""
    client = boto3.client("ecs", region_name="us-east-1")
    settings = _settings()
    place = placements(settings)[0]
    began = time.monotonic()
    for request in _requests(count):
        while True:
            try:
                client.run_task(**run_task_request(request, place, settings))
                break
            except ClientError:
                time.sleep(1)
    return time.monotonic() - began


def measured(launch: Callable[[int], float], count: int) -> dict[str, Any]:
    """Return the seconds taken, the refused calls, and the number of logged warnings and errors."""
    reads = {"list_rate": _READS, "describe_rate": _READS, "stop_rate": _READS}
    faults = Faults(run_task_s=_ANSWER_S, run_task_rate=(_PER_S, _BURST), **reads)
    with tempfile.TemporaryDirectory() as logs, Simulator(Path(logs), faults=faults) as ecs:
        os.environ["AWS_ENDPOINT_URL_ECS"] = ecs.url
        with structlog.testing.capture_logs() as logged:
            took_s = launch(count)
        assert len(ecs.cluster.tasks) == count, "a launch was lost, or made twice"
        troubled = [each for each in logged if each["log_level"] in {"warning", "error", "critical"}]
        for each in troubled[:3]:
            print(f"  logged: {each}", file=sys.stderr)
        return {"s": took_s, "throttled": ecs.calls["throttled"], "logged": len(troubled)}


def main() -> int:
    """Run all three, print the ratios, and check ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--launches", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    bound_s = (arguments.launches - _BURST) / _PER_S
    if bound_s <= 0:
        parser.error(f"more than {_BURST} launches, or there is nothing to wait for")
    ways = {
        "the fleet alone": (by_the_fleet, arguments.launches),
        "the dispatcher": (by_the_dispatcher, arguments.launches),
        "one thread": (one_by_one, arguments.launches // 10),
    }
    rows: dict[str, dict[str, Any]] = {
        "what the buckets allow": {"launches": arguments.launches, "s": bound_s, "throttled": 0, "logged": 0}
    }
    for name, (launch, count) in ways.items():
        print(f"{name}: launching {count} …", file=sys.stderr, flush=True)
        rows[name] = {"launches": count, **measured(launch, count)}
    targets = []
    for name in ("the fleet alone", "the dispatcher"):
        targets.append(Target(f"{name}: time / bound", rows[name]["s"] / bound_s, "≤", MAX_RATIO))
        targets.append(Target(f"{name}: warnings and errors in the log", rows[name]["logged"], "≤", 0))
    if arguments.json:
        judged = [target.to_json() for target in targets]
        print(json.dumps({"rows": rows, "bars": judged}))
    else:
        for name, row in rows.items():
            rate = f"{row['launches'] / row['s']:5.1f} a second"
            print(f"{name:24} {row['launches']:5} in {row['s']:6.2f} s  {rate}  {row['throttled']:4} throttled")
        print()
        print_targets(targets)
    return exit_code(targets)


if __name__ == "__main__":
    sys.exit(main())
