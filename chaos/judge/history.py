"""Checks each item's history, from the events that the queue's scripts write atomically with each change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sceneburst.counted import counted
from scenequeue.jobs.job import JobEvent
from scenequeue.jobs.result import ItemResult

#: Events that end a lease, and the item's state afterwards.
_ENDS = {"done": "done", "dead": "dead", "retry": "delayed", "released": "ready", "reclaimed": "ready"}
#: Possible increments of the attempt number in the next lease.
_NEXT_ATTEMPT = {"retry": (1,), "released": (0,), "reclaimed": (0, 1)}


@dataclass
class _Life:
    """The state of one item at a point of its history."""

    state: str = "ready"
    token: str = ""
    container: str = ""
    tokens: set[str] = field(default_factory=set)
    #: Token and container of its spare lease.
    spare: tuple[str, str] | None = None
    #: The present attempt has had its spare lease.
    is_spare_used: bool = False
    dones: int = 0
    #: Possible attempt numbers of the next lease.
    attempts: tuple[int, ...] = (1,)
    attempt: int = 0


def violations(job_id: str, events: Iterable[JobEvent], results: Iterable[ItemResult] | None = None) -> list[str]:
    """List the breaches of the contract as sentences; none for a correct history.

    Per job: it begins with its submission, which happens once. Per item: only an item without a lease is leased, with a new
    token, and the attempt is the last one, or the next one if the last was charged; an end (done, dead, retry, release, reclaim)
    comes only to a leased item and names its present token; done happens once, and nothing follows it. An attempt has one spare
    lease at most, of another container, and ends with one lease: the other has yielded before.

    Args:
        job_id: the job.
        events: the whole history, oldest first.
        results: all results of the job, if they are to be checked: each has exactly one end of its kind, by the container that
            reported it.
    """
    history = list(events)
    found = list(results or ())
    lives: dict[str, _Life] = {}
    wrong: list[str] = []
    if not history:
        return [f"{job_id} has {len(found)} results, and no history"] if found else []
    if history[0].event != "submitted":
        wrong.append(f"{job_id} begins with {history[0].event}, not with its submission")
    if (count := sum(event.event == "submitted" for event in history)) > 1:
        wrong.append(f"{job_id} was submitted {count} times")
    for event in history:
        if event.item_id is None:
            continue
        life = lives.setdefault(event.item_id, _Life())
        where = f"{job_id}/{event.item_id}, event {event.id}"
        wrong += [f"{where}: {sentence}" for sentence in _step(life, event.event, event.fields)]
    for result in found:
        life = lives.get(result.item_id, _Life())
        wrong += [f"{job_id}/{result.item_id}: {sentence}" for sentence in _judge_result(life, result)]
    return wrong


def _judge_result(life: _Life, result: ItemResult) -> list[str]:
    wrong = []
    if life.state != result.state:
        wrong.append(f"its result is {result.state}, its history ends with {life.state}")
    if result.state == "done" and life.dones != 1:
        wrong.append(f"a result, and {counted(life.dones, 'time')} done")
    if result.container and result.container != life.container:
        wrong.append(f"the result is {result.container}'s, the last lease was {life.container}'s")
    return wrong


def _step(life: _Life, name: str, fields: Mapping[str, str]) -> list[str]:
    wrong = []
    if life.dones and name != "dropped":
        wrong.append(f"{name} after done")
    if name == "leased":
        wrong += _lease(life, fields)
    elif name == "spare":
        wrong += _second_lease(life, fields)
    elif name == "yielded":
        wrong += _yield(life, fields)
    elif name in _ENDS:
        wrong += _end(life, name, fields)
    elif name == "requeued":
        if life.state != "dead":
            wrong.append(f"requeued while {life.state}")
        life.state, life.attempts = "ready", (1,)
    return wrong


def _lease(life: _Life, fields: Mapping[str, str]) -> list[str]:
    wrong = []
    token, attempt = fields.get("token", ""), int(fields.get("attempt", 0))
    if life.state not in {"ready", "delayed"}:
        wrong.append(f"leased while {life.state}")
    if not token:
        wrong.append("leased without a token")
    if token in life.tokens:
        wrong.append(f"token {token} was given twice")
    if attempt not in life.attempts:
        wrong.append(f"attempt {attempt} instead of {' or '.join(map(str, life.attempts))}")
    life.tokens.add(token)
    life.spare, life.is_spare_used = None, False
    life.state, life.token, life.attempt, life.container = "leased", token, attempt, fields.get("container", "")
    return wrong


def _second_lease(life: _Life, fields: Mapping[str, str]) -> list[str]:
    wrong = []
    token, container, attempt = fields.get("token", ""), fields.get("container", ""), int(fields.get("attempt", 0))
    if life.state != "leased":
        wrong.append(f"a spare lease while {life.state}")
    if life.is_spare_used:
        wrong.append("a second spare lease in one attempt")
    if container == life.container:
        wrong.append(f"a spare lease of {container}, which holds it already")
    if not token or token in life.tokens:
        wrong.append(f"token {token} was given twice" if token else "a spare lease without a token")
    if attempt != life.attempt:
        wrong.append(f"a spare lease with attempt {attempt} instead of {life.attempt}")
    life.tokens.add(token)
    life.spare, life.is_spare_used = (token, container), True
    return wrong


def _yield(life: _Life, fields: Mapping[str, str]) -> list[str]:
    token = fields.get("token", "")
    if life.spare is None or token not in {life.token, life.spare[0]}:
        return [f"yielded with the token {token}, and there is no other lease"]
    if token == life.token:
        life.token, life.container = life.spare
    life.spare = None
    return []


def _end(life: _Life, name: str, fields: Mapping[str, str]) -> list[str]:
    wrong = []
    token = fields.get("token", "")
    if life.state != "leased":
        wrong.append(f"{name} while {life.state}")
    if life.spare:
        wrong.append(f"{name} while {life.spare[1]} has a spare lease")
    if not token:
        wrong.append(f"{name} without a token")
    elif token != life.token:
        wrong.append(f"{name} with the stale token {token}; the lease's is {life.token}")
    if name == "done" and fields.get("container", life.container) != life.container:
        wrong.append(f"done by {fields['container']}; the lease is {life.container}'s")
    life.state = _ENDS[name]
    life.attempts = tuple(life.attempt + more for more in _NEXT_ATTEMPT.get(name, ()))
    life.dones += name == "done"
    return wrong
