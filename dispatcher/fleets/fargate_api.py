"""Calls of the ECS API: credentials, pace, and repeated tries; the dispatcher's only door to boto3."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from dispatcher.fleets.call_rate import TokenBucket
from dispatcher.fleets.ecs_errors import EcsProblem, is_passing, is_stale_credential, is_throttle
from scenequeue.errors import FleetError, FleetMisconfigured

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

#: Tries of one call; the pauses between them double up to the longest, each shortened by chance to spread callers.
ATTEMPTS = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 3.0
#: Calls a second that only look or stop (AWS: sustained 20 and 40, bursts of 100 and more); shared with other programs.
_READS_PER_S, _READ_BURST = 15.0, 50
#: DescribeTasks takes so many, ListTasks gives so many.
PAGE = 100
_CONFIG = Config(
    # Tries are repeated here, where throttling in disguise is known too.
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=3,
    read_timeout=15,
    max_pool_connections=32,
)
_NOT_REACHED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError)
_HOPELESS = (NoCredentialsError, PartialCredentialsError, NoRegionError, ParamValidationError)


class EcsRefused(Exception):
    """ECS said no; the call had no effect."""

    def __init__(self, problem: EcsProblem, response: Mapping[str, Any] | None = None) -> None:
        self.problem = problem
        self.response = response or {}
        super().__init__(str(problem))


class EcsUnanswered(FleetError):
    """No answer, or a broken one, even after repeated tries: the call may have had its effect."""


class EcsApi:
    """The few ECS calls that a fleet needs. Thread-safe.

    Args:
        launches_per_s: sustained RunTask calls a second.
        launch_burst: RunTask calls at once.
        sleep: waits so many seconds.
        chance: a number between its two arguments.
        session: of boto3; None makes one from the surroundings, assuming the role AWS_ROLE_ARN where that is set.
    """

    def __init__(
        self,
        launches_per_s: float,
        launch_burst: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[float, float], float] = random.uniform,
        session: boto3.session.Session | None = None,
    ) -> None:
        self._launch_rate = TokenBucket(launches_per_s, launch_burst, sleep=sleep)
        self._read_rate = TokenBucket(_READS_PER_S, _READ_BURST, sleep=sleep)
        self._sleep, self._chance, self._session = sleep, chance, session
        self._clients: dict[str, ECSClient] = {}
        self._lock = threading.Lock()

    def run_task(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Launch, at the launch rate; the answer with `tasks` and `failures`.

        Raises:
            EcsRefused: it was not launched.
            EcsUnanswered: transient; it may have been launched. The same request again does not launch a second one.
            FleetMisconfigured: no credentials, or arguments that boto3 refuses.
        """
        return self._call(region, "run_task", request, self._launch_rate)

    def stop_task(self, region: str, cluster: str, arn: str, reason: str) -> None:
        """Ask a task to stop. Raises as run_task."""
        self._call(region, "stop_task", {"cluster": cluster, "task": arn, "reason": reason}, self._read_rate)

    def list_tasks(self, region: str, cluster: str, started_by: str, desired_status: str) -> Iterator[str]:
        """ARNs of the tasks with our mark, a page a call. Raises as run_task."""
        request = {"cluster": cluster, "startedBy": started_by, "desiredStatus": desired_status, "maxResults": PAGE}
        while True:
            answer = self._call(region, "list_tasks", request, self._read_rate)
            yield from answer.get("taskArns") or []
            token = answer.get("nextToken")
            if not token:
                return
            request = {**request, "nextToken": token}

    def describe_tasks(self, region: str, cluster: str, arns: Sequence[str]) -> tuple[list[dict[str, Any]], list[EcsProblem]]:
        """Tasks with their tags, in pages of 100, and why others are not among them. Raises as run_task."""
        tasks: list[dict[str, Any]] = []
        problems: list[EcsProblem] = []
        for first in range(0, len(arns), PAGE):
            request = {"cluster": cluster, "tasks": list(arns[first : first + PAGE]), "include": ["TAGS"]}
            answer = self._call(region, "describe_tasks", request, self._read_rate)
            tasks += answer.get("tasks") or []
            problems += [problem_of_failure(failure) for failure in answer.get("failures") or []]
        return tasks, problems

    def _call(self, region: str, operation: str, request: Mapping[str, Any], rate: TokenBucket) -> Mapping[str, Any]:
        last: Exception | None = None
        may_have_happened = False
        for attempt in range(ATTEMPTS):
            if attempt:
                longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
                self._sleep(self._chance(longest_s / 2, longest_s))
            rate.take()
            try:
                answer: Mapping[str, Any] = getattr(self._client(region), operation)(**request)
            except ClientError as error:
                last = EcsRefused(problem_of(error), error.response)
                if is_throttle(last.problem):
                    rate.empty()
                elif is_passing(last.problem):
                    may_have_happened = True
                elif not is_stale_credential(last.problem):
                    raise last from None
            except _HOPELESS as error:
                raise FleetMisconfigured(f"ECS {operation} in {region}: {error}") from error
            except _NOT_REACHED as error:
                last = error
            except (HTTPClientError, ResponseParserError) as error:
                last, may_have_happened = error, True
            except BotoCoreError as error:
                raise FleetError(f"ECS {operation} in {region}: {error}") from error
            else:
                return answer
        if may_have_happened:
            raise EcsUnanswered(f"ECS {operation} in {region}: no proper answer in {ATTEMPTS} tries ({last})") from last
        if isinstance(last, EcsRefused):
            raise last
        raise FleetError(f"ECS in {region} is not reached: {last}") from last

    def _client(self, region: str) -> "ECSClient":
        with self._lock:
            if region not in self._clients:
                self._session = self._session or session_from_surroundings()
                self._clients[region] = self._session.client("ecs", region_name=region, config=_CONFIG)
            return self._clients[region]


def problem_of(error: ClientError) -> EcsProblem:
    """An error of boto3's as a problem of ours."""
    told = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return EcsProblem(str(told.get("Code", "")), str(told.get("Message", "")), int(status))


def problem_of_failure(failure: Mapping[str, Any]) -> EcsProblem:
    """An entry of `failures` as a problem of ours."""
    return EcsProblem(str(failure.get("reason", "")), str(failure.get("detail", "")))


def session_from_surroundings(environment: Mapping[str, str] = os.environ) -> boto3.session.Session:
    """A boto3 session; with AWS_ROLE_ARN, one whose credentials are that role's, renewed before they run out.

    With AWS_WEB_IDENTITY_TOKEN_FILE the variable belongs to boto3's own way of assuming a role, and is left to it.
    """
    role = environment.get("AWS_ROLE_ARN")
    core = botocore.session.get_session()
    if role and not environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
        sts = boto3.session.Session().client("sts", region_name=region)
        name = environment.get("AWS_ROLE_SESSION_NAME") or "sceneburst-dispatcher"
        refresh = create_assume_role_refresher(sts, {"RoleArn": role, "RoleSessionName": name})
        core._credentials = DeferredRefreshableCredentials(refresh_using=refresh, method="assume-role")  # type: ignore[attr-defined]  # noqa: SLF001  botocore offers no setter for refreshable ones
    return boto3.session.Session(botocore_session=core)
