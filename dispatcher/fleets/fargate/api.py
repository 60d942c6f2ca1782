"""Calls of the ECS API: pace and repeated tries; the dispatcher's only door to boto3."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
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

from dispatcher.fleets.fargate.ecs_errors import EcsProblem, is_misconfigured, is_passing, is_stale_credential, is_throttle
from scenequeue.backoff import doubled, jittered
from scenequeue.counted import counted
from scenequeue.errors import FleetError, FleetMisconfigured
from scenequeue.storages.aws_session import aws_session
from scenequeue.token_bucket import TokenBucket

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

#: Tries of one call; the pauses between them double up to the longest, each shortened by chance to spread callers.
ATTEMPTS = 5
#: Tries that nobody answers: each costs a time-out, and other regions wait meanwhile.
SILENT_ATTEMPTS = 2
_INITIAL_PAUSE_S, _MAX_PAUSE_S = 0.4, 3.0
#: Calls a second that only look or stop (AWS: sustained 20 and 40, bursts of 100 and more); shared with other programs.
_READS_PER_S, _READ_BURST = 15.0, 50
#: DescribeTasks takes so many, ListTasks gives so many.
PAGE = 100
#: A launch takes seconds at its worst, and giving it up early leaves open whether it happened; looking is soon done again.
_LAUNCH_TIMEOUT_S, _LOOK_TIMEOUT_S = 15, 5
_CONFIG = Config(
    # Tries are repeated here, where throttling in disguise is known too.
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=3,
    max_pool_connections=32,
)
_NOT_REACHED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError)
_HOPELESS = (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError, NoRegionError, ParamValidationError)


class EcsRefused(Exception):
    """ECS said no; the call had no effect."""

    def __init__(self, problem: EcsProblem, response: Mapping[str, Any] | None = None) -> None:
        self.problem = problem
        self.response = response or {}
        super().__init__(str(problem))


class EcsUnreached(FleetError):
    """Nobody takes the call, even after repeated tries: it had no effect, and the region is out of reach."""


class EcsUnanswered(FleetError):
    """No answer, or a broken one, even after repeated tries: the call may have had its effect."""

    #: Whether there was no answer at all.
    is_silent = False


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
        chance: Callable[[float, float], float] = random.uniform,  # noqa: S311  jitter, not a secret
        session: boto3.session.Session | None = None,
    ) -> None:
        self._launches, self._reads = (launches_per_s, launch_burst), (_READS_PER_S, _READ_BURST)
        self._sleep, self._chance, self._session = sleep, chance, session
        #: AWS counts per region.
        self._rates: dict[tuple[str, bool], TokenBucket] = {}
        self._clients: dict[tuple[str, bool], ECSClient] = {}
        self._lock = threading.Lock()

    def run_task(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Launch, at the launch rate; the answer with `tasks` and `failures`.

        Raises:
            EcsRefused: it was not launched.
            EcsUnanswered: transient; it may have been launched. The same request again does not launch a second one.
            EcsUnreached: transient; it was not launched.
            FleetMisconfigured: no credentials, or arguments that boto3 refuses.
        """
        return self._call(region, "run_task", request, looks=False)

    def stop_task(self, region: str, cluster: str, arn: str, reason: str) -> None:
        """Ask a task to stop. Raises as run_task."""
        self._call(region, "stop_task", {"cluster": cluster, "task": arn, "reason": reason})

    def list_running(self, region: str, cluster: str, started_by: str) -> Iterator[str]:
        """ARNs of the tasks with our mark that are meant to run, a page a call. Raises as run_task.

        Nothing says RUNNING, which is the default: "When you specify startedBy as the filter, it must be the only filter that
        you use" (AWS, ListTasks).
        """
        return self._list(region, {"cluster": cluster, "startedBy": started_by, "maxResults": PAGE})

    def list_stopped(self, region: str, cluster: str) -> Iterator[str]:
        """ARNs of all tasks of the cluster that are meant to stop or have ended lately, whoever's. Raises as run_task."""
        return self._list(region, {"cluster": cluster, "desiredStatus": "STOPPED", "maxResults": PAGE})

    def _list(self, region: str, request: Mapping[str, Any]) -> Iterator[str]:
        while True:
            answer = self._call(region, "list_tasks", request)
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
            answer = self._call(region, "describe_tasks", request)
            tasks += answer.get("tasks") or []
            problems += [problem_of_failure(failure) for failure in answer.get("failures") or []]
        return tasks, problems

    def describe_cluster(self, region: str, name: str) -> Mapping[str, Any] | None:
        """A cluster with its capacity providers; None where there is none of this name. Raises as run_task."""
        found = self._call(region, "describe_clusters", {"clusters": [name]}).get("clusters") or []
        return found[0] if found else None

    def describe_task_definition(self, region: str, name: str) -> Mapping[str, Any]:
        """The newest active revision of a family, or the one that is named. Raises as run_task."""
        answer = self._call(region, "describe_task_definition", {"taskDefinition": name})
        return answer.get("taskDefinition") or {}

    def _call(self, region: str, operation: str, request: Mapping[str, Any], *, looks: bool = True) -> Mapping[str, Any]:
        last: Exception | None = None
        may_have_happened = False
        silent = 0
        rate = self._rate(region, looks=looks)
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(jittered(doubled(_INITIAL_PAUSE_S, _MAX_PAUSE_S, attempt), self._chance))
            rate.take()
            try:
                answer: Mapping[str, Any] = getattr(self._client(region, looks=looks), operation)(**request)
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
                last, silent = error, silent + 1
            except (HTTPClientError, ResponseParserError) as error:
                last, silent, may_have_happened = error, silent + 1, True
            except BotoCoreError as error:
                raise FleetError(f"ECS {operation} in {region}: {error}") from error
            else:
                return answer
            if silent >= SILENT_ATTEMPTS:
                break
        if may_have_happened:
            tries = counted(attempt + 1, "try", "tries")
            unanswered = EcsUnanswered(f"ECS {operation} in {region}: no proper answer in {tries} ({last})")
            unanswered.is_silent = silent >= SILENT_ATTEMPTS
            raise unanswered from last
        if isinstance(last, EcsRefused):
            raise last
        raise EcsUnreached(f"ECS in {region} is not reached: {last}") from last

    def _rate(self, region: str, *, looks: bool) -> TokenBucket:
        with self._lock:
            if (region, looks) not in self._rates:
                self._rates[region, looks] = TokenBucket(*(self._reads if looks else self._launches), sleep=self._sleep)
            return self._rates[region, looks]

    def _client(self, region: str, *, looks: bool) -> "ECSClient":
        with self._lock:
            if (region, looks) not in self._clients:
                self._session = self._session or aws_session()
                config = _CONFIG.merge(Config(read_timeout=_LOOK_TIMEOUT_S if looks else _LAUNCH_TIMEOUT_S))
                self._clients[region, looks] = self._session.client("ecs", region_name=region, config=config)
            return self._clients[region, looks]


def problem_of(error: ClientError) -> EcsProblem:
    """An error of boto3's as a problem of ours."""
    told = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return EcsProblem(str(told.get("Code", "")), str(told.get("Message", "")), int(status))


def fleet_error(what: str, problem: EcsProblem) -> FleetError:
    """A refusal as an error that callers of a fleet know."""
    kind = FleetMisconfigured if is_misconfigured(problem) else FleetError
    return kind(f"{what}: {problem}")


def problem_of_failure(failure: Mapping[str, Any]) -> EcsProblem:
    """An entry of `failures` as a problem of ours."""
    return EcsProblem(str(failure.get("reason", "")), str(failure.get("detail", "")))
