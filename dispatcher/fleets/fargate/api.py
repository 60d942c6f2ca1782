"""Calls ECS through boto3, with rate limits and retries; no other module of the dispatcher imports boto3."""

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

from dispatcher.codes import Code
from dispatcher.fleets.fargate.ecs_errors import EcsProblem, is_misconfigured, is_server_fault, is_stale_credential, is_throttle
from scenequeue.backoff import doubled, jittered
from scenequeue.errors import FleetError, FleetMisconfigured
from scenequeue.reasons import Parameter, Reason
from scenequeue.storages.aws_session import aws_session
from scenequeue.token_bucket import TokenBucket

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

#: Attempts at one call. The pauses between them double, up to the longest, with jitter.
MAX_ATTEMPTS = 5
#: Attempts without any answer: each costs a time-out, during which other regions wait.
MAX_SILENT_ATTEMPTS = 2
_INITIAL_PAUSE_S, _MAX_PAUSE_S = 0.4, 3.0
#: Calls a second other than RunTask. AWS sustains 20 and 40, with bursts of 100 and more, for all programs of the account.
_READS_PER_S, _READ_BURST = 15.0, 50
#: Most tasks that one DescribeTasks call takes and one ListTasks call returns (AWS).
PAGE_SIZE = 100
#: RunTask gets a long time-out, because its outcome is unknown after one; other calls are cheap to repeat.
_LAUNCH_TIMEOUT_S, _READ_TIMEOUT_S = 15, 5
_CONFIG = Config(
    # EcsApi retries, as it recognises throttling that ECS reports with a code of bad input.
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=3,
    max_pool_connections=32,
)
_UNREACHABLE_ERRORS = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError)
_PERMANENT_ERRORS = (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError, NoRegionError, ParamValidationError)


class EcsRefused(Exception):
    """ECS refused the call; it had no effect."""

    def __init__(self, problem: EcsProblem, response: Mapping[str, Any] | None = None) -> None:
        self.problem = problem
        self.response = response or {}
        super().__init__(str(problem))


class EcsUnreachable(FleetError):
    """No connection to the region, even after retries; the call had no effect."""


class EcsUnanswered(FleetError):
    """No answer, or an unreadable one, even after retries; the call may have had its effect.

    Args:
        why: the call, and its last error.
        is_silent: True if there was no answer at all.
    """

    def __init__(self, why: Reason, *, is_silent: bool) -> None:
        super().__init__(why)
        self.is_silent = is_silent


class EcsApi:
    """The ECS calls that a fleet needs. Thread-safe.

    Args:
        launches_per_s: sustained RunTask calls a second.
        launch_burst: RunTask calls at once.
        sleep: waits for a number of seconds.
        chance: returns a random number between its two arguments.
        session: of boto3; None makes one from the environment, which assumes the role AWS_ROLE_ARN where that is set.
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
        #: AWS limits calls per region. Key: the region, and True for all calls but RunTask.
        self._buckets: dict[tuple[str, bool], TokenBucket] = {}
        self._clients: dict[tuple[str, bool], ECSClient] = {}
        self._lock = threading.Lock()

    def run_task(self, region: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Launch a task, at the launch rate; return the answer, with `tasks` and `failures`.

        Raises:
            EcsRefused: nothing was launched.
            EcsUnanswered: transient; it may have been launched. The same request again does not launch a second one.
            EcsUnreachable: transient; nothing was launched.
            FleetMisconfigured: no credentials, or arguments that boto3 refuses.
        """
        return self._call(region, "run_task", request, is_read=False)

    def stop_task(self, region: str, cluster: str, arn: str, reason: str) -> None:
        """Ask a task to stop. Raises as run_task."""
        self._call(region, "stop_task", {"cluster": cluster, "task": arn, "reason": reason})

    def list_running(self, region: str, cluster: str, started_by: str) -> Iterator[str]:
        """Yield the ARNs of the tasks with our mark whose desired status is RUNNING, a page per call. Raises as run_task.

        RUNNING is the default and must not be sent: "When you specify startedBy as the filter, it must be the only filter that
        you use" (AWS, ListTasks).
        """
        return self._list(region, {"cluster": cluster, "startedBy": started_by, "maxResults": PAGE_SIZE})

    def list_stopped(self, region: str, cluster: str) -> Iterator[str]:
        """Yield the ARNs of all tasks of the cluster that are stopping or ended lately, ours or not. Raises as run_task."""
        return self._list(region, {"cluster": cluster, "desiredStatus": "STOPPED", "maxResults": PAGE_SIZE})

    def _list(self, region: str, request: Mapping[str, Any]) -> Iterator[str]:
        while True:
            answer = self._call(region, "list_tasks", request)
            yield from answer.get("taskArns") or []
            token = answer.get("nextToken")
            if not token:
                return
            request = {**request, "nextToken": token}

    def describe_tasks(self, region: str, cluster: str, arns: Sequence[str]) -> tuple[list[dict[str, Any]], list[EcsProblem]]:
        """Return tasks with their tags, in pages of 100, and the reasons why others are missing. Raises as run_task."""
        tasks: list[dict[str, Any]] = []
        problems: list[EcsProblem] = []
        for first in range(0, len(arns), PAGE_SIZE):
            request = {"cluster": cluster, "tasks": list(arns[first : first + PAGE_SIZE]), "include": ["TAGS"]}
            answer = self._call(region, "describe_tasks", request)
            tasks += answer.get("tasks") or []
            problems += [problem_of_failure(failure) for failure in answer.get("failures") or []]
        return tasks, problems

    def describe_cluster(self, region: str, name: str) -> Mapping[str, Any] | None:
        """Return a cluster with its capacity providers; None if there is none of this name. Raises as run_task."""
        found = self._call(region, "describe_clusters", {"clusters": [name]}).get("clusters") or []
        return found[0] if found else None

    def describe_task_definition(self, region: str, name: str) -> Mapping[str, Any]:
        """Return the newest active revision of a family, or the revision that is named. Raises as run_task."""
        answer = self._call(region, "describe_task_definition", {"taskDefinition": name})
        return answer.get("taskDefinition") or {}

    def _call(self, region: str, operation: str, request: Mapping[str, Any], *, is_read: bool = True) -> Mapping[str, Any]:
        last: Exception | None = None
        may_have_happened = False
        silent = 0
        bucket = self._bucket(region, is_read=is_read)
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                self._sleep(jittered(doubled(_INITIAL_PAUSE_S, _MAX_PAUSE_S, attempt), self._chance))
            bucket.take()
            try:
                answer: Mapping[str, Any] = getattr(self._client(region, is_read=is_read), operation)(**request)
            except ClientError as error:
                last = EcsRefused(problem_of(error), error.response)
                if is_throttle(last.problem):
                    bucket.empty()
                elif is_server_fault(last.problem):
                    may_have_happened = True
                elif not is_stale_credential(last.problem):
                    raise last from None
            except _PERMANENT_ERRORS as error:
                raise FleetMisconfigured(Code.ECS_FAILED, operation=operation, region=region, problem=str(error)) from error
            except _UNREACHABLE_ERRORS as error:
                last, silent = error, silent + 1
            except (HTTPClientError, ResponseParserError) as error:
                last, silent, may_have_happened = error, silent + 1, True
            except BotoCoreError as error:
                raise FleetError(Code.ECS_FAILED, operation=operation, region=region, problem=str(error)) from error
            else:
                return answer
            if silent >= MAX_SILENT_ATTEMPTS:
                break
        if may_have_happened:
            facts: dict[str, Parameter] = {"operation": operation, "region": region, "tries": attempt + 1, "problem": str(last)}
            raise EcsUnanswered(Reason(Code.ECS_UNANSWERED, facts), is_silent=silent >= MAX_SILENT_ATTEMPTS) from last
        if isinstance(last, EcsRefused):
            raise last
        raise EcsUnreachable(Code.ECS_UNREACHABLE, region=region, problem=str(last)) from last

    def _bucket(self, region: str, *, is_read: bool) -> TokenBucket:
        with self._lock:
            if (region, is_read) not in self._buckets:
                self._buckets[region, is_read] = TokenBucket(*(self._reads if is_read else self._launches), sleep=self._sleep)
            return self._buckets[region, is_read]

    def _client(self, region: str, *, is_read: bool) -> "ECSClient":
        with self._lock:
            if (region, is_read) not in self._clients:
                self._session = self._session or aws_session()
                config = _CONFIG.merge(Config(read_timeout=_READ_TIMEOUT_S if is_read else _LAUNCH_TIMEOUT_S))
                self._clients[region, is_read] = self._session.client("ecs", region_name=region, config=config)
            return self._clients[region, is_read]


def problem_of(error: ClientError) -> EcsProblem:
    """Translate an error of boto3."""
    details = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return EcsProblem(str(details.get("Code", "")), str(details.get("Message", "")), int(status))


def fleet_error(problem: EcsProblem, code: Code, **parameters: Parameter) -> FleetError:
    """Translate a refusal into the error that a fleet raises; the code's sentence has `problem` and the other parameters."""
    kind = FleetMisconfigured if is_misconfigured(problem) else FleetError
    return kind(code, problem=problem.said, **parameters)


def problem_of_failure(failure: Mapping[str, Any]) -> EcsProblem:
    """Translate an entry of `failures`."""
    return EcsProblem(str(failure.get("reason", "")), str(failure.get("detail", "")))
