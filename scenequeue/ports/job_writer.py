"""Writes one job to the queue stage by stage: nothing of it is visible before the last step."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NoReturn, TypeAlias

from scenequeue.errors import InvalidValue, JobConflict, QueueFull, QueueUnavailable
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Callback, Counts, JobSpec, JobState, JobStatus
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.ports.job_lookup import read_job
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection
from scenequeue.structure.item_chunk import ItemChunk
from scenequeue.structure.staging import Upload

#: An item, or an item with its place in the caller's order where that is not the order of leasing.
Submitted: TypeAlias = "WorkItem | tuple[int, WorkItem]"

#: Items per step. More per step is no faster, and would delay other clients of Redis.
CHUNK = 500
#: Maximum number of a job's stages. The Lua steps look at no more (STAGE_LIMIT in lib/stages.lua).
MAX_STAGES = 1000
#: Maximum number of the needs of a job's items. The Lua steps look at no more (NEED_LIMIT in lib/counters.lua).
MAX_NEEDS = 64
#: Fields that a job's status takes over from its spec.
_SHARED = ("job_id", "lane", "callback_url", "labels", "max_attempts", "wishes")


class JobWriter:
    """One submission, written in order: its stages, and each stage's items.

    Args:
        connection: the queue.
        upload: takes the items.
        spec: the properties that all items share.
        backlog_limit: maximum number of ready items afterwards; None is no limit.
    """

    def __init__(self, connection: Connection, upload: Upload, spec: JobSpec, backlog_limit: int | None) -> None:
        self._connection, self._upload, self._spec, self._backlog_limit = connection, upload, spec, backlog_limit
        # A job without wishes has the same digest as in versions that had none; the working folder follows from id and items.
        left_out = {"job_id", "work_folder"} if spec.wishes else {"job_id", "work_folder", "wishes"}
        #: Numbers of the stages whose items are brought later.
        self._deferred: set[int] = set()
        self._needs: set[str] = set()
        self._digest = hashlib.sha256(spec.model_dump_json(exclude=left_out).encode())

    def begin_stage(self, *, is_deferred: bool = False) -> None:
        """Begin the next stage; `add` puts items into it.

        Args:
            is_deferred: the stage gets no items now; items of the stage before bring them. Not for the first stage.

        Raises:
            InvalidValue: the stage before has no items and is not deferred, the first stage is deferred, or there are too many.
        """
        self._check_stage()
        if len(self._upload.sizes) >= MAX_STAGES:
            raise InvalidValue(Code.STAGES_TOO_MANY, job_id=self._spec.job_id, limit=MAX_STAGES)
        if is_deferred:
            if not self._upload.sizes:
                raise InvalidValue(Code.FIRST_STAGE_DEFERRED, job_id=self._spec.job_id)
            self._deferred.add(len(self._upload.sizes))
            self._digest.update(b"deferred")
        self._upload.open_stage()

    def add(self, items: Iterable[Submitted]) -> None:
        """Add items to the present stage, in the order they are to be leased; see `ProducerPort.submit`.

        Raises:
            InvalidValue: the job's items have too many needs.
            QueueUnavailable: transient; nothing is visible.
        """
        stage, first = len(self._upload.sizes) - 1, self._upload.sizes[-1]
        for chunk in _chunks(stage, items, first):
            self._needs |= chunk.by_need.keys()
            if len(self._needs) > MAX_NEEDS:
                raise InvalidValue(Code.NEEDS_TOO_MANY, job_id=self._spec.job_id, limit=MAX_NEEDS)
            for need, elements in chunk.by_need.items():
                self._upload.add(need, elements, chunk.weight_ms[need])
            self._digest.update("".join(chunk.elements).encode())

    def commit(self) -> JobStatus:
        """Make the job visible. Returns and raises as `ProducerPort.submit`."""
        job_id = self._spec.job_id
        self._check_stage()
        if not self._upload.sizes:
            raise InvalidValue(Code.JOB_EMPTY, job_id=job_id)
        answer, created_ms = self._upload.commit(self._spec, self._digest.hexdigest(), self._backlog_limit)
        if answer == "same":
            return read_job(self._connection, job_id)
        if answer != "created":
            self._refuse(answer)
        first, *later = self._upload.sizes
        counts = Counts(ready=first, waiting=sum(later))
        shared = {name: getattr(self._spec, name) for name in _SHARED}
        by_kind = self._spec.options
        options = {"options": RenderOptions.of_job(by_kind), "options_by_kind": by_kind}
        callback = Callback() if self._spec.callback_url else None
        more = {"counts": counts, "created_ms": created_ms, "stages": 1 + len(later), "callback": callback, **options}
        return JobStatus(state=JobState.ACTIVE, ready_needs=self._upload.first_needs(), **more, **shared)

    def discard(self) -> None:
        """Delete the uploaded lists, which are not visible yet."""
        self._upload.discard()

    def _check_stage(self) -> None:
        sizes = self._upload.sizes
        if sizes and not sizes[-1] and len(sizes) - 1 not in self._deferred:
            raise InvalidValue(Code.STAGE_EMPTY, stage=len(sizes) - 1, job_id=self._spec.job_id)

    def _refuse(self, answer: str) -> NoReturn:
        job_id = self._spec.job_id
        if answer == "conflict":
            raise JobConflict(Code.JOB_ID_TAKEN, job_id=job_id)
        if answer == "full":
            raise QueueFull(Code.BACKLOG_FULL, limit=self._backlog_limit or 0, job_id=job_id, items=self._upload.sizes[0])
        raise QueueUnavailable(Code.UPLOAD_LOST, job_id=job_id)


def _chunks(stage: int, items: Iterable[Submitted], first: int) -> Iterator[ItemChunk]:
    """Yield the items of a stage in chunks, with their ids.

    Args:
        stage: number of the stage.
        items: an item gets the next index; (index, item) has its own.
        first: index of the first item.
    """
    numbered = ((entry if isinstance(entry, tuple) else (position, entry)) for position, entry in enumerate(items, first))
    while some := list(islice(numbered, CHUNK)):
        yield ItemChunk((f"{stage}-{index}", item, item.model_dump_json()) for index, item in some)
