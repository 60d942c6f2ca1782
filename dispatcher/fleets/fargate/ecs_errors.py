"""Meanings of ECS's error codes and failure reasons; the only place that compares them."""

from dataclasses import dataclass

#: Codes of a call that came too soon.
THROTTLE_CODES = frozenset(
    {
        *("ThrottlingException", "Throttling", "ThrottledException", "RequestThrottled", "RequestThrottledException"),
        *("TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "PriorRequestNotComplete", "SlowDown"),
    }
)
#: The same in disguise: a code of bad input, with these words.
THROTTLE_WORDS = ("rate exceeded", "too many concurrent attempts", "request rate limit")

#: Failure reasons of a launch that finds no room, by their first part.
CAPACITY_REASONS = frozenset({"RESOURCE", "NO_INSTANCE", "CAPACITY", "LOCATION"})
#: The same as words; the quotas (vCPUs, tasks waiting to start) are counted per provider and region, so another may do.
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

#: What is not there, or not any more.
GONE_CODES = frozenset({"MISSING", "INACTIVE", "TaskNotFoundException"})
GONE_WORDS = ("task was not found", "task not found", "task is stopped")

#: The service's own trouble; whether the call had its effect is not known.
PASSING_CODES = frozenset(
    {
        *("ServerException", "InternalFailure", "InternalError", "InternalServerError"),
        *("ServiceUnavailable", "ServiceUnavailableException"),
    }
)
#: Credentials between two refreshes, a clock that drifts.
REFRESH_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed"})
#: The role lacks the permission. Source: AWS, common errors.
DENIED_CODES = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized"})
_FIRST_SERVER_STATUS = 500


@dataclass(frozen=True)
class EcsProblem:
    """A refusal as ECS words it: an error's code, or a failure's reason, with its message."""

    code: str
    message: str = ""
    status: int = 0

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


def is_throttle(problem: EcsProblem) -> bool:
    """Return True if the call came too soon; it had no effect and may be made again."""
    return problem.code in THROTTLE_CODES or _says(problem, THROTTLE_WORDS)


def is_capacity(problem: EcsProblem) -> bool:
    """Return True if there is no room here now; another provider, subnet or region may have it."""
    if is_throttle(problem):
        return False
    return problem.code.partition(":")[0] in CAPACITY_REASONS or _says(problem, CAPACITY_WORDS)


def is_gone(problem: EcsProblem) -> bool:
    """Return True if the subject of the call does not exist, or not any more."""
    return problem.code in GONE_CODES or _says(problem, GONE_WORDS)


def is_passing(problem: EcsProblem) -> bool:
    """Return True if the service is in trouble of its own; the call may have had its effect."""
    is_server = problem.code in PASSING_CODES or problem.status >= _FIRST_SERVER_STATUS
    return is_server and not is_throttle(problem) and not is_capacity(problem)


def is_stale_credential(problem: EcsProblem) -> bool:
    """Return True if the credentials have run out; the next call is signed with new ones."""
    return problem.code in REFRESH_CODES


def is_denied(problem: EcsProblem) -> bool:
    """True if the role may not make this call."""
    return problem.code in DENIED_CODES


def is_misconfigured(problem: EcsProblem) -> bool:
    """Return True if the same call can never succeed: denied, unknown cluster or subnet, bad size. Whatever is nothing else."""
    others = (is_throttle, is_capacity, is_gone, is_passing, is_stale_credential)
    return not any(judge(problem) for judge in others)


def _says(problem: EcsProblem, words: tuple[str, ...]) -> bool:
    text = f"{problem.code} {problem.message}".lower().replace("\u2019", "'")
    return any(phrase in text for phrase in words)
