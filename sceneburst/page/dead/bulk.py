"""Requeues or discards all dead letters of a filter in a thread of the page, one such act after the other.

The numbers are kept in this process; the audit log has them as well, for when it is gone. Whatever a killed page has not reached
stays a dead letter.
"""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, NamedTuple

import structlog

from scenequeue.errors import SceneburstError
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code, Reason

#: Acts that are shown, and letters that are looked at for what failed again.
_KEPT, _LOOKED_AT = 8, 100
_TEN = 10
Act = Literal["requeue", "discard"]


@dataclass
class BulkAct:
    """An act on many letters, and how far it is."""

    act: Act
    wanted: DeadFilter
    by: str
    why: str
    #: Redis clock.
    began_ms: int
    state: Literal["waiting", "running", "done", "failed", "stopped"] = "waiting"
    changed: int = 0
    seen: int = 0
    total: int = 0
    #: Why it has failed.
    reason: Reason | None = None
    #: The letters of a trial, (job, item).
    tried: tuple[tuple[str, str], ...] = ()


class Again(NamedTuple):
    """Letters that were buried since an act began."""

    letters: int
    #: False if there may be more.
    is_exact: bool
    reasons: tuple[tuple[str, int], ...]
    #: Of a trial: how many of its items are done, and how many are in work.
    done: int = 0
    in_work: int = 0


class Shown(NamedTuple):
    """An act as a view shows it."""

    act: BulkAct
    again: Again | None


class BulkActs:
    """The acts of this page's process. Thread-safe."""

    def __init__(self) -> None:
        self._acts: deque[BulkAct] = deque(maxlen=_KEPT)
        self._stopping = threading.Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="bulk")

    def start(self, queue: SceneQueue, act: Act, wanted: DeadFilter, by: str, why: str) -> BulkAct:
        """Begin an act in the background; it waits for those before it."""
        made = BulkAct(act, wanted, by, why, queue.inspect.now_ms())
        self._acts.appendleft(made)
        self._worker.submit(self._run, queue, made)
        return made

    def try_ten(self, queue: SceneQueue, wanted: DeadFilter, by: str, why: str) -> BulkAct:
        """Requeue the ten newest letters of a filter at once, so that it is seen whether they fail again."""
        made = BulkAct("requeue", wanted, by, why, queue.inspect.now_ms(), "running")
        self._acts.appendleft(made)
        tried = []
        try:
            letters = queue.inspect.find_dead(wanted, _TEN)
            made.total = len(letters)
            for letter in letters:
                try:
                    queue.operator.requeue(letter.job_id, letter.item_id, by, why)
                except SceneburstError as error:
                    # Somebody was faster, or its job was cancelled: the others are tried all the same.
                    made.reason = error.reason
                else:
                    tried.append((str(letter.job_id), str(letter.item_id)))
                    made.changed += 1
                made.seen += 1
            made.state = "done"
        finally:
            made.tried = tuple(tried)
            made.state = "done" if made.state == "done" else "failed"
        return made

    def shown(self, queue: SceneQueue) -> list[Shown]:
        """Return the acts, newest first; of those that requeued, what has failed since."""
        acts = list(self._acts)
        return [Shown(each, find_again(queue, each) if each.act == "requeue" and each.changed else None) for each in acts]

    def close(self) -> None:
        """Stop after the present step; safe twice."""
        self._stopping.set()
        self._worker.shutdown(cancel_futures=True)

    def _run(self, queue: SceneQueue, act: BulkAct) -> None:
        step = queue.operator.requeue_all if act.act == "requeue" else queue.operator.discard_all
        act.state = "running"
        try:
            for progress in step(act.wanted, act.by, act.why):
                act.changed, act.seen, act.total = progress
                if self._stopping.is_set():
                    act.state = "stopped"
                    return
            act.state = "done"
        except SceneburstError as error:
            act.state, act.reason = "failed", error.reason
        except Exception as error:
            structlog.get_logger().exception("a bulk act has failed", act=act.act)
            act.state, act.reason = "failed", Reason(Code.OTHER, {"text": type(error).__name__})


def find_again(queue: SceneQueue, act: BulkAct) -> Again:
    """Return what has failed since an act: of a trial its own items, otherwise all of the filter but its reason."""
    if act.tried:
        return _of_trial(queue, act)
    wanted = act.wanted.model_copy(update={"reason": "", "since_ms": act.began_ms, "until_ms": None})
    letters = queue.inspect.find_dead(wanted, _LOOKED_AT)
    return Again(len(letters), len(letters) < _LOOKED_AT, _by_reason([each.errors[-1].code for each in letters if each.errors]))


def _of_trial(queue: SceneQueue, act: BulkAct) -> Again:
    results = [queue.producer.result(job_id, item_id) for job_id, item_id in act.tried]
    dead = [each.code or "" for each in results if each is not None and each.state == "dead"]
    done = sum(each is not None and each.state == "done" for each in results)
    return Again(len(dead), is_exact=True, reasons=_by_reason(dead), done=done, in_work=len(results) - len(dead) - done)


def _by_reason(codes: list[str]) -> tuple[tuple[str, int], ...]:
    counts = {code: codes.count(code) for code in dict.fromkeys(codes)}
    return tuple(sorted(counts.items(), key=lambda each: -each[1])[:5])
