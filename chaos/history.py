"""Judges what happened to each item, from the events that the queue's steps wrote atomically with what they did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scenequeue.items import JobEvent

#: Events that end a lease, and what state the item is in afterwards.
_ENDS = {"done": "done", "dead": "dead", "retry": "delayed", "released": "ready", "reclaimed": "ready"}


@dataclass
class _Life:
    """One item so far."""

    state: str = "ready"
    token: str = ""
    tokens: set[str] = field(default_factory=set)
    dones: int = 0


def violations(job_id: str, events: Iterable[JobEvent]) -> list[str]:
    """What must never happen, as sentences; none for a history that keeps the contract.

    Checked, per item: a lease is given only of what nobody holds, each with a token of its own; an end (done, dead, retry,
    release, reclaim) comes only to a leased item and names its present token where it names one; done happens once, and
    nothing comes after it.
    """
    lives: dict[str, _Life] = {}
    wrong: list[str] = []
    for event in events:
        if event.item_id is None:
            continue
        life = lives.setdefault(event.item_id, _Life())
        where = f"{job_id}/{event.item_id}, event {event.id}"
        wrong += [f"{where}: {sentence}" for sentence in _step(life, event.event, event.fields)]
    return wrong


def _step(life: _Life, name: str, fields: Mapping[str, str]) -> list[str]:
    wrong = []
    if life.dones and name != "dropped":
        wrong.append(f"{name} after done")
    token = fields.get("token", "")
    if name == "leased":
        if life.state not in {"ready", "delayed"}:
            wrong.append(f"leased while {life.state}")
        if token in life.tokens:
            wrong.append(f"token {token} was given twice")
        life.tokens.add(token)
        life.state, life.token = "leased", token
    elif name in _ENDS:
        if life.state != "leased":
            wrong.append(f"{name} while {life.state}")
        if token and token != life.token:
            wrong.append(f"{name} with the stale token {token}; the lease's is {life.token}")
        life.state = _ENDS[name]
        life.dones += name == "done"
    elif name == "requeued":
        if life.state != "dead":
            wrong.append(f"requeued while {life.state}")
        life.state = "ready"
    return wrong
