"""Steps of a producer: submit, follow and cancel jobs."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import NoReturn, TypeAlias

from scenequeue.counted import counted
from scenequeue.errors import JobConflict, QueueFull, QueueUnavailable
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Callback, Counts, JobEvent, JobSpec, JobState, JobStatus
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.need import need_of
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.audit_log import clean_name
from scenequeue.ports.item_ids import deferred_stages, ids_of_stage, place_of
from scenequeue.ports.job_lookup import read_job
from scenequeue.structure.connection import BLOCK_LIMIT_S, Connection
from scenequeue.structure.hashes import element_from, event_from, result_from
from scenequeue.structure.staging import Upload

#: An item, or an item with its place in the caller's order where that is not the order of leasing.
Submitted: TypeAlias = "WorkItem | tuple[int, WorkItem]"

#: Items per step: larger brings nothing more, and keeps Redis from pausing others.
_CHUNK = 500
#: More stages of a job than the steps look at (STAGE_LIMIT in lib/stages.lua) would be left behind.
MAX_STAGES = 1000
#: What a job's status takes over from its spec.
_SHARED = ("job_id", "lane", "callback_url", "labels", "max_attempts", "wishes")


class ProducerPort:
    """A job becomes visible whole or not at all, and the same submission twice is one job."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys = connection.keys

    def submit(
        self,
        spec: JobSpec,
        stages: Iterable[Iterable[Submitted] | None],
        *,
        backlog_limit: int | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> JobStatus:
        """Upload all items but the last, then make the job visible in one step that takes those along.

        Args:
            spec: what the items share; its job id is the idempotency key.
            stages: per stage its items, in the order they are to be leased. A bare item's index is its position;
                (index, item) names it. Taken one by one, in bounded memory. None is a deferred stage: items of the one
                before bring what it holds (`WorkerPort.grow`).
            backlog_limit: most ready items there may be afterwards; None is no limit.
            on_progress: called with the number of items so far; with all of them before the job is visible.

        Returns:
            The job as it is now; for a repeated submission, as far as it has come.

        Raises:
            JobConflict: a job of this id exists with other content.
            QueueFull: transient; nothing was enqueued.
            QueueUnavailable: transient; nothing is visible, and submitting again is safe.
            ValueError: there is no item, or a stage is empty.

        Guarantees: atomic and idempotent. A crash before the last step leaves lists that nobody sees and that expire
            after an hour; after it, the job is there. Cost: one round trip per 500 items; a job of up to 500 is one.
        """
        with self.writing(spec, backlog_limit=backlog_limit, on_progress=on_progress) as job:
            for stage in stages:
                job.begin_stage(is_deferred=stage is None)
                job.add(stage or ())
            return job.commit()

    @contextmanager
    def writing(
        self, spec: JobSpec, *, backlog_limit: int | None = None, on_progress: Callable[[int], None] | None = None
    ) -> Iterator["JobWriter"]:
        """Write a job stage by stage; without `commit`, nothing of it is ever visible. Arguments as of `submit`."""
        writer = JobWriter(self, Upload(self._connection, _CHUNK, on_progress), spec, backlog_limit)
        try:
            yield writer
        except BaseException:
            writer.discard()
            raise

    def status(self, job_id: str) -> JobStatus:
        """Return the status of a job.

        Raises:
            JobNotFound: no job of this id, or its results have expired.
        """
        return read_job(self._connection, job_id)

    def results(self, job_id: str, stage: int = 0, start: int = 0) -> Iterator[ItemResult]:
        """Results of the items of all stages that ended, in the caller's order: the scenes, and then their film.

        Args:
            job_id: whose.
            stage: which stage's come first.
            start: index of the first item, in that stage.

        Cost: one round trip per 500 items and stage.
        """
        status = self.status(job_id)
        key, deferred = self._keys.job(job_id, "results"), deferred_stages(self._connection, job_id)
        for each in range(stage, status.stages):
            possible = ids_of_stage(self._connection, job_id, each, status.counts.total, deferred)
            wanted = islice(possible, start if each == stage else 0, None)
            while ids := list(islice(wanted, _CHUNK)):
                with self._connection.translated():
                    found = self._connection.answer("hmget", key, ids) or []
                yield from (result_from(item_id, text) for item_id, text in zip(ids, found, strict=False) if text is not None)

    def names(self, job_id: str) -> dict[ItemId, str]:
        """Find the names of a job's items, as far as they can be read, stage after stage in the caller's order.

        Cost: reads the job's waiting items and results whole, 500 a round trip.

        Raises:
            JobNotFound: no job of this id, or its results have expired.
        """
        status = self.status(job_id)
        found: dict[ItemId, str] = {}
        for key in self._waiting_lists(job_id, min(status.stages, MAX_STAGES)):
            for element in self._waiting(key):
                item_id, item = element_from(element)
                found[item_id] = item.name
        total, deferred = status.counts.total, deferred_stages(self._connection, job_id)
        later = (f"{number}-0" for number in range(1, min(status.stages, MAX_STAGES)))
        possible = chain(*(ids_of_stage(self._connection, job_id, number, total, deferred) for number in (0, *deferred)), later)
        rest = [ItemId(item_id) for item_id in possible if item_id not in found]
        for start in range(0, len(rest), _CHUNK):
            pipeline = self._connection.client.pipeline(transaction=False)
            asked = rest[start : start + _CHUNK]
            for item_id in asked:
                pipeline.hget(self._keys.item(job_id, item_id), "body")
            with self._connection.translated():
                bodies = self._connection.answers(pipeline)
            found |= {item_id: WorkItem.shown(body).name for item_id, body in zip(asked, bodies, strict=True) if body}
        found |= {result.item_id: result.name for result in self.results(job_id)}
        return dict(sorted(found.items(), key=lambda entry: place_of(entry[0])))

    def _waiting_lists(self, job_id: str, stages: int) -> Iterator[str]:
        """The lists of a job's items that no container has, in the order in which items move on: none is missed on its way."""
        later = [f"stage:{number}" for number in range(1, stages)]
        with self._connection.translated():
            needs, *described = self._connection.answer("hmget", self._keys.job(job_id), ["needs", *later]) or [""]
        for need in (needs or "").split():
            yield self._keys.ready(job_id, need)
            yield from self._connection.answer("lrange", self._keys.job(job_id, f"parts:{need}"), 0, -1) or ()
        for number, text in enumerate(described, 1):
            named: list[str] = (text or "").split()[::3]
            for at, need in enumerate(named):
                key = self._keys.stage(job_id, number, need)
                yield key if need not in named[:at] else f"{key}:{at + 1}"

    def _waiting(self, key: str) -> Iterator[str]:
        """The elements of a list, a page at a time from its end: items are taken from its front meanwhile."""
        last = -1
        while True:
            with self._connection.translated():
                page = self._connection.answer("lrange", key, last - _CHUNK + 1, last) or []
            yield from page
            if len(page) < _CHUNK:
                return
            last -= _CHUNK

    def events(self, job_id: str, after: str = "0", block_s: float = 0.0, count: int = 100) -> list[JobEvent]:
        """Return the events of a job after one already seen.

        Args:
            job_id: whose.
            after: id of the last event seen; "0" is from the oldest kept, "$" only new ones.
            block_s: how long to wait for one, at most 5 seconds.
            count: how many at most.

        Returns:
            Events, oldest first; empty when none came in time. Old ones are trimmed: results are the truth.
        """
        block_ms = int(min(block_s, BLOCK_LIMIT_S) * 1000) or None
        with self._connection.translated():
            answer = self._connection.client.xread({self._keys.job(job_id, "events"): after}, count=count, block=block_ms)
        entries = (answer.popitem()[1] if isinstance(answer, dict) else answer[0][1]) if answer else []
        if entries and isinstance(entries[0], list):
            entries = entries[0]
        return [event_from(entry_id, dict(fields)) for entry_id, fields in entries]

    def all_events(self, job_id: str) -> Iterator[JobEvent]:
        """The events of a job up to now, oldest first, as far as they are kept. Cost: one round trip per 500."""
        after = "0"
        while found := self.events(job_id, after, count=_CHUNK):
            yield from found
            after = found[-1].id

    def cancel(self, job_id: str, by: str = "") -> JobStatus:
        """Drop all that waits; what runs is stopped at its container's next heartbeat. Idempotent.

        Args:
            job_id: which job.
            by: who cancels it, for the audit log; "" for a program.

        Raises:
            JobNotFound: no job of this id.
        """
        self._connection.run("cancel", job_id, clean_name(by))
        return self.status(job_id)


class JobWriter:
    """One submission, written in order: its stages, and each stage's items.

    Args:
        port: reads the status of a job that is there already.
        upload: takes the items.
        spec: what the items share.
        backlog_limit: most ready items there may be afterwards; None is no limit.
    """

    def __init__(self, port: ProducerPort, upload: Upload, spec: JobSpec, backlog_limit: int | None) -> None:
        self._port, self._upload, self._spec, self._backlog_limit = port, upload, spec, backlog_limit
        # Without wishes, the digest is that of a version that knew none.
        left_out = {"job_id"} if spec.wishes else {"job_id", "wishes"}
        #: Numbers of the stages whose items are brought later.
        self._deferred: set[int] = set()
        self._digest = hashlib.sha256(spec.model_dump_json(exclude=left_out).encode())

    def begin_stage(self, *, is_deferred: bool = False) -> None:
        """Let the items that follow belong to one stage more.

        Args:
            is_deferred: it has none yet: items of the stage before bring them. Not the first one.

        Raises:
            ValueError: the stage before has no items, or there are too many stages.
        """
        self._check_stage()
        if len(self._upload.sizes) >= MAX_STAGES:
            raise ValueError(f"job {self._spec.job_id} has more than {MAX_STAGES} stages")
        if is_deferred:
            if not self._upload.sizes:
                raise ValueError(f"the first stage of job {self._spec.job_id} cannot be deferred: nobody would bring its items")
            self._deferred.add(len(self._upload.sizes))
            self._digest.update(b"deferred")
        self._upload.open_stage()

    def add(self, items: Iterable[Submitted]) -> None:
        """Add items to the present stage, in the order they are to be leased; see `ProducerPort.submit`.

        Raises:
            QueueUnavailable: transient; nothing is visible.
        """
        stage, first = len(self._upload.sizes) - 1, self._upload.sizes[-1]
        for chunk in _chunks(stage, items, first):
            for need, elements in chunk.by_need.items():
                self._upload.add(need, elements, chunk.weight_ms[need])
            self._digest.update("".join(chunk.elements).encode())

    def commit(self) -> JobStatus:
        """Make the job visible; raises and returns as `ProducerPort.submit`."""
        job_id = self._spec.job_id
        self._check_stage()
        if not self._upload.sizes:
            raise ValueError(f"job {job_id} has no items")
        answer, created_ms = self._upload.commit(self._spec, self._digest.hexdigest(), self._backlog_limit)
        if answer == "same":
            return self._port.status(job_id)
        if answer != "created":
            self._refuse(answer)
        first, *later = self._upload.sizes
        counts = Counts(ready=first, waiting=sum(later))
        shared = {name: getattr(self._spec, name) for name in _SHARED}
        options = RenderOptions.of_job(self._spec.options)
        callback = Callback() if self._spec.callback_url else None
        more = {"counts": counts, "created_ms": created_ms, "stages": 1 + len(later), "callback": callback, "options": options}
        return JobStatus(state=JobState.ACTIVE, ready_needs=self._upload.first_needs(), **more, **shared)

    def discard(self) -> None:
        """Take back what was uploaded; nobody has seen it."""
        self._upload.discard()

    def _check_stage(self) -> None:
        sizes = self._upload.sizes
        if sizes and not sizes[-1] and len(sizes) - 1 not in self._deferred:
            raise ValueError(f"stage {len(sizes) - 1} of job {self._spec.job_id} has no items")

    def _refuse(self, answer: str) -> NoReturn:
        job_id = self._spec.job_id
        if answer == "conflict":
            raise JobConflict(f"job {job_id} exists with other content; choose another job id, or submit the same scenes")
        if answer == "full":
            limit = counted(self._backlog_limit or 0, "item")
            first = self._upload.sizes[0]
            raise QueueFull(f"the backlog is at its limit of {limit}; job {job_id} with {first} was not enqueued")
        raise QueueUnavailable(f"the upload of job {job_id} took too long or Redis lost it; submit it again")


class _Chunk:
    """Some items of a stage as list elements "<item id> <weight ms> <json>", all together and by need, with their weight."""

    def __init__(self, stage: int, numbered: Iterable[tuple[int, WorkItem]]) -> None:
        self.elements: list[str] = []
        self.by_need: dict[str, list[str]] = {}
        self.weight_ms: dict[str, int] = {}
        for index, item in numbered:
            need, weight_ms = need_of(item.kind, item.v), round(item.weight * 1000)
            element = f"{stage}-{index} {weight_ms} {item.model_dump_json()}"
            self.elements.append(element)
            self.by_need.setdefault(need, []).append(element)
            self.weight_ms[need] = self.weight_ms.get(need, 0) + weight_ms


def _chunks(stage: int, items: Iterable[Submitted], first: int) -> Iterator[_Chunk]:
    """Items in the order given; the first has index `first`, but those that name their own."""
    numbered = ((entry if isinstance(entry, tuple) else (position, entry)) for position, entry in enumerate(items, first))
    while some := list(islice(numbered, _CHUNK)):
        yield _Chunk(stage, some)
