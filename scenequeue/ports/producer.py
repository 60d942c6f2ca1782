"""Steps of a producer: submit, follow and cancel jobs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobEvent, JobSpec, JobState, JobStatus
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.job_lookup import deferred_stages, ids_of_stage, job_not_found, jobs_of_id, place_of, read_job
from scenequeue.ports.job_writer import CHUNK, MAX_STAGES, JobWriter, Submitted
from scenequeue.ports.steering.audit_log import act_words, run_on_holders
from scenequeue.structure.connection import BLOCK_LIMIT_S, Connection
from scenequeue.structure.hashes import element_from, event_from, result_from, whole_number
from scenequeue.structure.staging import Upload

#: Readings of a job's names. A second one finds the items that went back to an earlier place during the first.
_READINGS = 2


class ProducerPort:
    """The steps of producers. A job becomes visible as a whole or not at all; submitting it again does not make a second one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def submit(
        self,
        spec: JobSpec,
        stages: Iterable[Iterable[Submitted] | None],
        *,
        backlog_limit: int | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> JobStatus:
        """Submit a job: upload all items but the last chunk, then make the job visible in one step, which also takes that chunk.

        Args:
            spec: the properties that all items share; its job id is the idempotency key.
            stages: the items of each stage, in the order of leasing. An item's index is its position; (index, item) gives
                another one. They are read one by one, in bounded memory. None is a deferred stage: items of the stage before
                bring its items (`WorkerPort.grow`).
            backlog_limit: maximum number of ready items afterwards; None is no limit.
            on_progress: called with the number of items uploaded so far; last with all of them, before the job is visible.

        Returns:
            The job's status: of a repeated submission, that of the job which was submitted first.

        Raises:
            JobConflict: a job of this id exists with other content.
            QueueFull: transient; nothing was enqueued.
            QueueUnavailable: transient; nothing is visible, and submitting again is safe.
            ValueError: there is no item, or a stage is empty.

        Guarantees: atomic and idempotent. A crash before the last step leaves invisible lists, which expire after an hour.

        Cost: one round trip for each 500 items.
        """
        with self.writing(spec, backlog_limit=backlog_limit, on_progress=on_progress) as job:
            for stage in stages:
                job.begin_stage(is_deferred=stage is None)
                job.add(stage or ())
            return job.commit()

    @contextmanager
    def writing(
        self, spec: JobSpec, *, backlog_limit: int | None = None, on_progress: Callable[[int], None] | None = None
    ) -> Iterator[JobWriter]:
        """Write a job stage by stage; without `commit` it never becomes visible. Arguments as for `submit`."""
        writer = JobWriter(self._connection, Upload(self._connection, CHUNK, on_progress), spec, backlog_limit)
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
        """Yield the results of all items that have ended, stage by stage in the caller's order: scenes first, then their film.

        Args:
            job_id: the job.
            stage: the first stage.
            start: index of the first item in that stage.

        Raises:
            JobNotFound: no job of this id, or its results have expired.

        Cost: one round trip for each 500 items of a stage.
        """
        status, connection = self.status(job_id), self._connection.holding(job_id)
        key, deferred = connection.keys.job(job_id, "results"), deferred_stages(connection, job_id)
        for each in range(stage, status.stages):
            possible = ids_of_stage(connection, job_id, each, status.counts.total, deferred)
            wanted = islice(possible, start if each == stage else 0, None)
            while ids := list(islice(wanted, CHUNK)):
                with self._connection.translated():
                    found = connection.answer("hmget", key, ids) or []
                yield from (result_from(item_id, text) for item_id, text in zip(ids, found, strict=False) if text is not None)

    def result(self, job_id: str, item_id: str) -> ItemResult | None:
        """Return the result of one item; None if it has not ended, or is not kept any more. Cost: one or two reads."""
        connection = self._connection.holding(job_id)
        text = connection.answer("hget", connection.keys.job(job_id, "results"), item_id)
        return None if text is None else result_from(ItemId(item_id), text)

    def names(self, job_id: str) -> dict[ItemId, str]:
        """Return item id -> name for all items of a job that can be read, stage by stage in the caller's order.

        Guarantees: an item that moves on meanwhile is not missed, nor is one that goes back once.

        Cost: reads all waiting items and results of the job, 500 per round trip; twice if some are missing the first time.

        Raises:
            JobNotFound: no job of this id, or its results have expired.
        """
        found: dict[ItemId, str] = {}
        for _ in range(_READINGS):
            status = self.status(job_id)
            found |= self._names_now(status)
            if len(found) >= status.counts.total - status.counts.dropped:
                break
        return dict(sorted(found.items(), key=lambda entry: place_of(entry[0])))

    def _names_now(self, status: JobStatus) -> dict[ItemId, str]:
        """Read each place where an item can be, in the order in which items move on."""
        job_id, stages = status.job_id, min(status.stages, MAX_STAGES)
        connection = self._connection.holding(job_id)
        found: dict[ItemId, str] = {}
        for key in _waiting_lists(connection, job_id, stages):
            for element in self._waiting(key):
                item_id, item = element_from(element)
                found[item_id] = item.name
        rest = [ItemId(item_id) for item_id in _possible_ids(connection, status, stages) if item_id not in found]
        for start in range(0, len(rest), CHUNK):
            pipeline = connection.client.pipeline(transaction=False)
            asked = rest[start : start + CHUNK]
            for item_id in asked:
                pipeline.hget(connection.keys.item(job_id, item_id), "body")
            with self._connection.translated():
                bodies = connection.answers(pipeline)
            found |= {item_id: WorkItem.shown(body).name for item_id, body in zip(asked, bodies, strict=True) if body}
        return found | {result.item_id: result.name for result in self.results(job_id)}

    def _waiting(self, key: str) -> Iterator[str]:
        """Yield the elements of a list, from its end, because items may be taken from its front meanwhile."""
        last = -1
        while True:
            with self._connection.translated():
                page = self._connection.answer("lrange", key, last - CHUNK + 1, last) or []
            yield from page
            if len(page) < CHUNK:
                return
            last -= CHUNK

    def events(self, job_id: str, after: str = "0", block_s: float = 0.0, count: int = 100) -> list[JobEvent]:
        """Return the events of a job that follow a known one.

        Args:
            job_id: the job.
            after: id of the last known event; "0" begins with the oldest event that is kept, "$" waits for new ones.
            block_s: seconds to wait for one, at most 5.
            count: maximum number.

        Returns:
            Events, oldest first; none if none came in time. Old events are removed, so use `results` for a job's results.
        """
        key = self._connection.holding(job_id).keys.job(job_id, "events")
        block_ms = int(min(block_s, BLOCK_LIMIT_S) * 1000) or None
        with self._connection.translated():
            answer = self._connection.client.xread({key: after}, count=count, block=block_ms)
        entries = (answer.popitem()[1] if isinstance(answer, dict) else answer[0][1]) if answer else []
        if entries and isinstance(entries[0], list):
            entries = entries[0]
        return [event_from(entry_id, dict(fields)) for entry_id, fields in entries]

    def all_events(self, job_id: str) -> Iterator[JobEvent]:
        """Yield the events of a job so far, oldest first, as far as they are kept. Cost: one round trip for each 500."""
        after = "0"
        while found := self.events(job_id, after, count=CHUNK):
            yield from found
            after = found[-1].id

    def cancel(self, job_id: str, by: str = "", why: str = "") -> JobStatus:
        """Cancel a job: drop its waiting items; containers stop the leased ones at their next heartbeat. Idempotent.

        Args:
            job_id: the job; if several structures hold one of this id, all of them.
            by: name of the operator, for the audit log; "" for a program.
            why: the reason that the operator gives, for the audit log.

        Returns:
            The job as it is now; of several, the newest that is cancelled.

        Raises:
            JobNotFound: no job of this id.
        """
        run_on_holders(self._connection, "cancel", act_words(by, why), job_id)
        found = [*jobs_of_id(self._connection, job_id)]
        if not found:
            raise job_not_found(job_id)
        return next((job for job in found if job.state is JobState.CANCELLED), found[0])


def _waiting_lists(connection: Connection, job_id: str, stages: int) -> Iterator[str]:
    """Yield the keys of the lists of a job's items that are not leased, in the order in which items move from one to the next.

    These are the lists of later stages, the parts of the ready lists, and the ready lists; each is looked up in its turn.
    """
    keys = connection.keys
    for number, needs in reversed([*enumerate(_described_stages(connection, job_id, stages), 1)]):
        for at, (need, _) in enumerate(needs):
            key = keys.stage(job_id, number, need)
            yield key if need not in [name for name, _ in needs[:at]] else f"{key}:{at + 1}"
    ready = (connection.answer("hget", keys.job(job_id), "needs") or "").split()
    for need in ready:
        yield from connection.answer("lrange", keys.job(job_id, f"parts:{need}"), 0, -1) or ()
    for need in ready:
        yield keys.ready(job_id, need)


def _possible_ids(connection: Connection, status: JobStatus, stages: int) -> Iterator[str]:
    """Yield the ids that items of a job can have; some may not exist."""
    deferred = deferred_stages(connection, status.job_id)
    for number in (0, *deferred):
        yield from ids_of_stage(connection, status.job_id, number, status.counts.total, deferred)
    for number, needs in enumerate(_described_stages(connection, status.job_id, stages), 1):
        size = min(status.counts.total, sum(count for _, count in needs))
        yield from (f"{number}-{index}" for index in range(size if number not in deferred else 0))


def _described_stages(connection: Connection, job_id: str, stages: int) -> list[list[tuple[str, int]]]:
    """Return, for each stage from the second on, the need and the number of items of each of its lists, see lib/stages.lua."""
    fields = [f"stage:{number}" for number in range(1, stages)]
    found = connection.answer("hmget", connection.keys.job(job_id), fields) if fields else None
    words = [(text or "").split() for text in found or ()]
    return [[(need, whole_number(count)) for need, count in zip(each[::3], each[1::3], strict=False)] for each in words]
