"""Finds callbacks that fail: jobs that have ended, and whose receiver does not accept the news."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from scenequeue.reasons import Reason
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import reason_from, whole_number

#: Jobs that one call looks at in each structure: those whose next post is due first.
LOOK_LIMIT = 200
#: Longest host that is kept.
_HOST_CHARACTERS = 253
_FIELDS = ("callback_url", "callback_state", "callback_tries", "callback_error", "finished_ms")


class FailingReceiver(NamedTuple):
    """A host whose callbacks fail now."""

    #: Of the jobs' callback addresses, whose other parts may hold secrets.
    host: str
    #: Jobs whose last post failed; at least so many, if there are more than LOOK_LIMIT.
    jobs: int
    #: The reason of a last post.
    problem: Reason
    #: The end of the first of these jobs, which is about when its first post failed.
    since_ms: int
    #: Time of the next post.
    next_ms: int


def failing_receivers(connection: Connection) -> list[FailingReceiver]:
    """Return the hosts whose callbacks fail, those with most jobs first. Cost: two round trips in each structure."""
    found: list[tuple[int, Mapping[str, str]]] = []
    for each in connection.all:
        members = each.answer("zrange", each.keys.notices, 0, LOOK_LIMIT - 1, withscores=True) or []
        if not members:
            continue
        with each.translated():
            pipeline = each.client.pipeline(transaction=False)
            for job_id, _ in members:
                pipeline.hmget(each.keys.job(job_id), _FIELDS)
            answers = each.answers(pipeline)
        for (_, due_ms), values in zip(members, answers, strict=True):
            fields = {name: value for name, value in zip(_FIELDS, values or (), strict=False) if value}
            if fields.get("callback_state") == "pending" and fields.get("callback_error"):
                found.append((whole_number(due_ms), fields))
    return by_host(found)


def by_host(failing: Sequence[tuple[int, Mapping[str, str]]]) -> list[FailingReceiver]:
    """Group failing callbacks by host.

    Args:
        failing: time of each job's next post (ms), and the fields of its hash.
    """
    hosts: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for due_ms, fields in failing:
        hosts.setdefault(_host_of(fields.get("callback_url", "")), []).append((due_ms, fields))
    receivers = [
        FailingReceiver(
            host,
            len(jobs),
            # Of the job that is posted last, which has the most recent failure.
            reason_from(max(jobs, key=lambda job: job[0])[1].get("callback_error", "")),
            min(whole_number(fields.get("finished_ms")) for _, fields in jobs),
            min(due_ms for due_ms, _ in jobs),
        )
        for host, jobs in hosts.items()
    ]
    return sorted(receivers, key=lambda each: (-each.jobs, each.host))


def _host_of(url: str) -> str:
    """Return the host of an address; "?" for one that has none."""
    try:
        return (urlsplit(url).hostname or "?")[:_HOST_CHARACTERS]
    except ValueError:
        return "?"
