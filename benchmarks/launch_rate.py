"""How fast a burst of containers is launched, beside what the API's token buckets allow at best.

1,000 RunTask calls against the simulated ECS with Fargate's published buckets (burst 100, 20 a second; AWS, "Amazon ECS
service quotas", Fargate task launch rate), and beside it one thread that calls as soon as it may and waits a second after
each refusal, as boto3's own retries would. Exit 1 when ours takes more than 1.1 times the bound, or logs an error.

    python -m benchmarks.launch_rate [--launches 1000] [--json]
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import boto3
import structlog
from botocore.exceptions import ClientError

from dispatcher.fleets.base import SIZES, LaunchRequest
from dispatcher.fleets.fargate import FargateFleet
from dispatcher.fleets.fargate_request import placements, run_task_request
from dispatcher.fleets.settings import FargateSettings
from scenequeue.items import ContainerId
from tests.fargate_simulator import Faults, Simulator

_PER_S, _BURST = 20.0, 100
_BAR = 1.1


def _settings() -> FargateSettings:
    return FargateSettings.load(
        ecs_cluster="videos", ecs_task_definition="worker", ecs_regions=["us-east-1"], ecs_subnets=["subnet-a"]
    )


def _requests(count: int) -> list[LaunchRequest]:
    return [LaunchRequest(ContainerId(f"c{number}"), SIZES[5], 1) for number in range(count)]


def _ours(requests: list[LaunchRequest]) -> tuple[float, int]:
    with structlog.testing.capture_logs() as logged:
        began = time.monotonic()
        results = FargateFleet(_settings()).launch(requests)
        took_s = time.monotonic() - began
    return took_s, sum(bool(result.error) for result in results) + sum(each["log_level"] == "error" for each in logged)


def _one_by_one(requests: list[LaunchRequest]) -> float:
    client = boto3.client("ecs", region_name="us-east-1")
    settings = _settings()
    place = placements(settings)[0]
    began = time.monotonic()
    for request in requests:
        while True:
            try:
                client.run_task(**run_task_request(request, place, settings))
                break
            except ClientError:
                time.sleep(1)
    return time.monotonic() - began


def main() -> int:
    """Run both, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--launches", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    bound_s = max(0.0, (arguments.launches - _BURST) / _PER_S)
    row: dict[str, float] = {"launches": arguments.launches, "bound_s": bound_s}
    for name in ("ours", "one_by_one"):
        with tempfile.TemporaryDirectory() as logs, Simulator(Path(logs), faults=Faults(run_task_rate=(_PER_S, _BURST))) as ecs:
            os.environ["AWS_ENDPOINT_URL_ECS"] = ecs.url
            print(f"{name}: launching {arguments.launches} …", file=sys.stderr, flush=True)
            if name == "ours":
                row["ours_s"], row["errors"] = _ours(_requests(arguments.launches))
            else:
                row["one_by_one_s"] = _one_by_one(_requests(arguments.launches))
            row[f"{name}_throttled"] = ecs.calls["throttled"]
            assert len(ecs.cluster.tasks) == arguments.launches
    row["ratio_to_bound"] = row["ours_s"] / bound_s if bound_s else 1.0
    row["ratio_to_one_by_one"] = row["one_by_one_s"] / row["ours_s"]
    if arguments.json:
        print(json.dumps(row))
    else:
        for key, value in row.items():
            print(f"{key:22} {value:10.2f}")
    return int(row["ratio_to_bound"] > _BAR or row["errors"] > 0)


if __name__ == "__main__":
    sys.exit(main())
