"""Enqueueing scenes from application code."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr

from producer.checks import Checks, JobRequest, Rules
from producer.handle import JobHandle
from producer.reach import Reach, working_folder
from producer.requests.film import FilmLike
from producer.requests.scenes import SceneLike
from producer.uploads import Uploader
from producer.work_items import write_scenes
from scenequeue.errors import InvalidValue, JobNotFound, Mistake
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobStatus, Lane
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.wishes import JobWishes
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code, Reason
from scenequeue.settings import ProducerSettings
from scenequeue.storages.files import path_of
from scenequeue.storages.uri import UriStorage

#: Scenes of an iterator are ordered longest first within chunks of this many, so that memory stays bounded.
CHUNK = 10_000
#: How long the dispatcher's plan is reused; its fleet and roots seldom change.
_PLAN_KEPT_S = 2.0
_log = logging.getLogger("sceneburst")


class Producer:
    """Hands scenes over to the queue. Thread-safe; close it, or use it in a `with` block.

    Args:
        redis_url: where the queue is; None takes SCENEBURST_REDIS_URL.
        namespace: which queue; None takes SCENEBURST_NAMESPACE.
        settings: instead of the environment's.
    """

    def __init__(
        self, redis_url: str | None = None, namespace: str | None = None, settings: ProducerSettings | None = None
    ) -> None:
        named: dict[str, Any] = {}
        if redis_url is not None:
            named["redis_url"] = SecretStr(redis_url)
        if namespace is not None:
            named["namespace"] = namespace
        self._settings = settings.model_copy(update=named) if settings else ProducerSettings.load(**named)
        self.queue = SceneQueue(self._settings)
        self.storage = UriStorage(self._settings)
        self._plan: tuple[float, Mapping[str, Any]] | None = None

    def submit_scenes(
        self,
        scenes: Iterable[SceneLike],
        *,
        output: str | Path,
        options: RenderOptions | Mapping[str, Any] | None = None,
        lane: Lane | str = Lane.NORMAL,
        job_id: str | None = None,
        callback_url: str | None = None,
        labels: Mapping[str, str] | None = None,
        max_attempts: int = 3,
        wishes: JobWishes | Mapping[str, Any] | None = None,
        film: FilmLike = None,
        check_files: bool = True,
        check_reach: bool = True,
        on_progress: Callable[[int], None] | None = None,
        on_upload: Callable[[int], None] | None = None,
    ) -> JobHandle:
        """Check everything, upload what is local, and enqueue all scenes as one job, whole or not at all.

        Args:
            scenes: models or dicts (name, image, audio, subtitles, watermark, music, title, options). A sequence is checked
                whole before anything happens and leased longest first; an iterator is taken in chunks of 10,000,
                each leased longest first, and nothing is visible before its last.
            output: folder, or URI prefix, that each `<name>.mp4` goes under.
            options: how all scenes look; a scene's own lie over them.
            lane: urgent, normal or bulk.
            job_id: idempotency key: submitting the same again returns the same job. None makes one up.
            callback_url: https:// address that is told when the job has ended.
            labels: at most 16 words by name, shown to operators, who find jobs by them (`sceneburst jobs --label`).
            max_attempts: how often a scene is tried.
            wishes: how the scenes are spread over containers (scenes_per_batch, max_parallel_tasks, min_scenes_per_batch,
                config_priority), within the operator's bounds; what is not among them follows the lane and the number of
                scenes. None: as the operator's settings say, together with all other jobs.
            film: True, a Film or its fields: when all scenes are done, they become one film beside them.
            check_files: False enqueues scenes whose local files are missing too; each ends as a dead letter.
            check_reach: False enqueues also what the acting dispatcher's containers can neither read nor write.
            on_progress: called with the number of scenes enqueued so far.
            on_upload: called with the number of local files uploaded, or found to be there, so far.

        Returns:
            The job's handle. Its `warnings` say what may keep the job waiting: that no dispatcher acts.

        Raises:
            InvalidScenes: every mistake in every scene (of a sequence), in one exception.
            JobConflict: the id is taken by other content.
            QueueFull: transient; the backlog is above SCENEBURST_BACKLOG_LIMIT.
            QueueUnavailable, StorageUnavailable: transient; nothing is enqueued.
        """
        shared = {
            **({} if job_id is None else {"job_id": job_id}),
            "lane": lane,
            "callback_url": callback_url,
            "labels": labels or {},
            "max_attempts": max_attempts,
            "wishes": wishes,
        }
        request = JobRequest(scenes, output, options, film, shared)
        rules = Rules(check_files=check_files)
        return self.submit(request, rules, check_reach=check_reach, on_progress=on_progress, on_upload=on_upload)

    def submit(
        self,
        request: JobRequest,
        rules: Rules,
        known: Sequence[Mistake] = (),
        *,
        check_reach: bool = True,
        on_progress: Callable[[int], None] | None = None,
        on_upload: Callable[[int], None] | None = None,
    ) -> JobHandle:
        """Check and enqueue a job as `submit_scenes` does, by the rules of the entry that it came through.

        Args:
            request: unchecked.
            rules: of that entry.
            known: mistakes that were found there, to be raised with the others.
            check_reach: see `submit_scenes`, and so for the others.
            on_progress: see there.
            on_upload: see there.
        """
        checks = Checks(rules, self._reach if check_reach else None)
        checks.mistakes += known
        prefix = None if request.output is None else checks.output(request.output)
        options = checks.options(request.options)
        film = checks.film(request.film)
        spec = checks.spec({**request.shared, "options": options.for_job()})
        chunks = checks.good_chunks(request.scenes, options, film, CHUNK)
        # Raises every mistake before anything is uploaded.
        first = next(chunks)
        assert prefix is not None
        assert spec is not None
        uploader = Uploader(self.storage, self._settings.inputs, self._settings.upload_threads, on_upload)
        try:
            limit = self._settings.backlog_limit
            with self.queue.producer.writing(spec, backlog_limit=limit, on_progress=on_progress) as job:
                write_scenes(job, chain([first], chunks), prefix, uploader, film)
                status = job.commit()
        finally:
            uploader.close()
        warnings = self._warnings(status) if check_reach and self._plan is None else ()
        return JobHandle(self.queue, self._storage_with(prefix), spec.job_id, self._settings.upload_threads, warnings)

    def _reach(self) -> Reach | None:
        """Ask what the acting dispatcher's containers reach."""
        return Reach.of(self._last_plan(), self._settings.inputs, working_folder())

    def _last_plan(self) -> Mapping[str, Any] | None:
        """Return the acting dispatcher's plan, at most two seconds old; None if none acts."""
        if self._plan is not None and time.monotonic() - self._plan[0] < _PLAN_KEPT_S:
            return self._plan[1]
        found = self.queue.inspect.plan()
        self._plan = None if found is None else (time.monotonic(), found)
        return found

    def _warnings(self, status: JobStatus) -> tuple[Reason, ...]:
        """Warn that no dispatcher acts, unless somebody works on the job already."""
        reason = self.queue.inspect.waits_because(status)
        if reason is None or reason.code != Code.NO_DISPATCHER:
            return ()
        _log.warning("job %s is enqueued, and waits: %s", status.job_id, reason.text)
        return (reason,)

    def job(self, job_id: str) -> JobHandle:
        """Return the handle of a job that was submitted before, from here or elsewhere.

        Raises:
            JobNotFound: no job has such an id.
        """
        try:
            known = check_job_id(job_id)
        except InvalidValue as error:
            raise JobNotFound(error.reason) from None
        return JobHandle(self.queue, self.storage, known, self._settings.upload_threads)

    def close(self) -> None:
        """Close all connections; safe twice."""
        self.queue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _storage_with(self, prefix: str) -> UriStorage:
        """Return storage that may also read the output folder, because the caller named it."""
        if not prefix.startswith("file://"):
            return self.storage
        roots = [*self._settings.file_roots, path_of(prefix)]
        return UriStorage(self._settings.model_copy(update={"file_roots": roots}))
