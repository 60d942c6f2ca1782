"""Classifies ECS's error codes and failure reasons; no other module compares them."""

from dataclasses import dataclass

from scenequeue.reasons import Reason

#: Codes of a throttled call.
THROTTLE_CODES = frozenset(
    {
        *("ThrottlingException", "Throttling", "ThrottledException", "RequestThrottled", "RequestThrottledException"),
        *("TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "PriorRequestNotComplete", "SlowDown"),
    }
)
#: Words of a throttled call that ECS answers with InvalidParameterException.
THROTTLE_WORDS = ("rate exceeded", "too many concurrent attempts", "request rate limit")

#: Failure reasons of a launch without capacity: the part before the colon.
CAPACITY_REASONS = frozenset({"RESOURCE", "NO_INSTANCE", "CAPACITY", "LOCATION"})
#: Words of the same. Quotas (vCPUs, tasks that are provisioning) are among them: they are counted per provider and region,
#: so another provider or region may have some left.
CAPACITY_WORDS = (
    "capacity is unavailable",
    "capacity isn't available",
    "insufficient capacity",
    "limit on the number of vcpus",
    "limit on the number of tasks",
    "provisioning capacity limit exceeded",
    "not enough free addresses",
    "insufficientfreeaddressesinsubnet",
)

#: Codes of a task or cluster that does not exist, or no longer.
GONE_CODES = frozenset({"MISSING", "INACTIVE", "TaskNotFoundException"})
GONE_WORDS = ("task was not found", "task not found", "task is stopped")

#: Faults of the service; the call may or may not have had its effect.
SERVER_FAULT_CODES = frozenset(
    {
        *("ServerException", "InternalFailure", "InternalError", "InternalServerError"),
        *("ServiceUnavailable", "ServiceUnavailableException"),
    }
)
#: Expired credentials, or a wrong clock.
STALE_CREDENTIAL_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed"})
#: The role lacks the permission. Source: AWS, common errors.
DENIED_CODES = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized"})
_MIN_SERVER_STATUS = 500


@dataclass(frozen=True)
class EcsProblem:
    """A refusal as ECS words it: an error's code, or a failure's reason, with its message."""

    code: str
    message: str = ""
    status: int = 0
    #: Set if it is not ECS that says so.
    reason: Reason | None = None

    @property
    def said(self) -> Reason | str:
        """Return the parameter that stands for it in a reason."""
        return self.reason or str(self)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


def is_throttle(problem: EcsProblem) -> bool:
    """Return True if the call was throttled; it had no effect and may be repeated later."""
    return problem.code in THROTTLE_CODES or _says(problem, THROTTLE_WORDS)


def lacks_capacity(problem: EcsProblem) -> bool:
    """Return True if there is no capacity here now; another provider, subnet or region may have some."""
    if is_throttle(problem):
        return False
    return problem.code.partition(":")[0] in CAPACITY_REASONS or _says(problem, CAPACITY_WORDS)


def is_gone(problem: EcsProblem) -> bool:
    """Return True if the subject of the call does not exist, or no longer."""
    return problem.code in GONE_CODES or _says(problem, GONE_WORDS)


def is_server_fault(problem: EcsProblem) -> bool:
    """Return True for a fault of the service; the call may have had its effect."""
    is_server = problem.code in SERVER_FAULT_CODES or problem.status >= _MIN_SERVER_STATUS
    return is_server and not is_throttle(problem) and not lacks_capacity(problem)


def is_stale_credential(problem: EcsProblem) -> bool:
    """Return True if the credentials have expired; boto3 signs the next call with new ones."""
    return problem.code in STALE_CREDENTIAL_CODES


def is_denied(problem: EcsProblem) -> bool:
    """Return True if the role may not make this call."""
    return problem.code in DENIED_CODES


def is_misconfigured(problem: EcsProblem) -> bool:
    """Return True if the same call can never succeed: denied, unknown cluster or subnet, bad size; the rest of all problems."""
    others = (is_throttle, lacks_capacity, is_gone, is_server_fault, is_stale_credential)
    return not any(predicate(problem) for predicate in others)


def _says(problem: EcsProblem, words: tuple[str, ...]) -> bool:
    text = f"{problem.code} {problem.message}".lower().replace("\u2019", "'")
    return any(phrase in text for phrase in words)
