"""Enqueueing scenes from application code."""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr, ValidationError

from producer.checks import checked_chunks, checked_film
from producer.durations import weight_of
from producer.handle import JobHandle
from producer.reach import Reach, working_folder
from producer.requests.film import FilmLike, Joining, Weighed, video_address
from producer.requests.scenes import SceneLike, explain, local_path, local_paths, options_from
from producer.uploads import Uploader
from scenequeue.errors import InvalidScenes, JobNotFound, StorageDenied
from scenequeue.jobs.address import MAX_ADDRESS_CHARS, bucket_and_key
from scenequeue.jobs.film import Film
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobStatus, Lane
from scenequeue.jobs.options import RenderOptions
from scenequeue.jobs.scene import RenderPayload, Scene, inputs_of
from scenequeue.jobs.wishes import JobWishes
from scenequeue.ports.producer import JobWriter
from scenequeue.queue import SceneQueue
from scenequeue.quoted import quoted
from scenequeue.reasons import Reason
from scenequeue.settings import ProducerSettings
from scenequeue.storages.files import file_uri, path_of
from scenequeue.storages.public_network import check_public_url
from scenequeue.storages.uri import UriStorage

#: Scenes of an iterator are ordered longest first within chunks of this many, so that memory stays bounded.
CHUNK = 10_000
#: The dispatcher's plan is asked for again after so long; what it says of its fleet seldom changes.
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
        shared, spec = self._spec(options, lane, job_id, callback_url, labels, max_attempts, wishes)
        wanted = checked_film(film, check_files=check_files)
        prefix = output_uri(output)
        plan = self._last_plan() if check_reach else None
        reach = Reach.of(plan, self._settings.inputs, working_folder())
        known = reach.beyond_of_job(prefix, wanted) if reach else []
        uploader = Uploader(self.storage, self._settings.inputs, self._settings.upload_threads, on_upload)
        try:
            chunks: Iterable[list[tuple[int, Scene]]] = checked_chunks(
                scenes, shared, wanted, CHUNK, reach, known, check_files=check_files
            )
            if isinstance(scenes, Sequence):
                chunks = [[pair for chunk in chunks for pair in chunk]]
            limit = self._settings.backlog_limit
            with self.queue.producer.writing(spec, backlog_limit=limit, on_progress=on_progress) as job:
                self._write(job, chunks, prefix, uploader, wanted)
                status = job.commit()
        finally:
            uploader.close()
        warnings = self._warnings(status) if check_reach and plan is None else ()
        return JobHandle(self.queue, self._storage_with(prefix), spec.job_id, self._settings.upload_threads, warnings)

    def _last_plan(self) -> Mapping[str, Any] | None:
        """The acting dispatcher's, not older than a moment; None where none acts."""
        if self._plan is not None and time.monotonic() - self._plan[0] < _PLAN_KEPT_S:
            return self._plan[1]
        found = self.queue.inspect.plan()
        self._plan = None if found is None else (time.monotonic(), found)
        return found

    def _warnings(self, status: JobStatus) -> tuple[Reason, ...]:
        """Say that nobody will launch a container for a job, where nobody works already."""
        reason = self.queue.inspect.waits_because(status)
        if reason is None or reason.code != "no_dispatcher":
            return ()
        _log.warning("job %s is enqueued, and waits: %s", status.job_id, reason.text)
        return (reason,)

    def job(self, job_id: str) -> JobHandle:
        """The handle of a job that was submitted before, here or elsewhere.

        Raises:
            JobNotFound: no job has such an id.
        """
        try:
            known = check_job_id(job_id)
        except ValueError as error:
            raise JobNotFound(str(error)) from None
        return JobHandle(self.queue, self.storage, known, self._settings.upload_threads)

    def close(self) -> None:
        """Drop all connections; safe twice."""
        self.queue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spec(
        self,
        options: RenderOptions | Mapping[str, Any] | None,
        lane: Lane | str,
        job_id: str | None,
        callback_url: str | None,
        labels: Mapping[str, str] | None,
        max_attempts: int,
        wishes: JobWishes | Mapping[str, Any] | None,
    ) -> tuple[RenderOptions, JobSpec]:
        problems: list[str] = []
        shared = RenderOptions()
        try:
            shared = options_from(options)
        except ValueError as error:
            problems += [f"options: {line}" for line in str(error).splitlines()]
        if callback_url is not None:
            try:
                check_public_url(callback_url)
            except StorageDenied as error:
                problems.append(f"callback_url: {error}")
        fields = {
            "job_id": f"job-{secrets.token_hex(8)}" if job_id is None else job_id,
            "lane": lane,
            "options": shared,
            "callback_url": callback_url,
            "labels": dict(labels or {}),
            "max_attempts": max_attempts,
            "wishes": dict(wishes) if isinstance(wishes, Mapping) else wishes,
        }
        try:
            check_job_id(str(fields["job_id"]))
            spec = JobSpec.model_validate(fields)
        except ValidationError as error:
            problems += explain(error, JobSpec)
        except ValueError as error:
            problems.append(f"job_id: {error}")
        if problems:
            raise InvalidScenes(problems)
        return shared, spec

    def _storage_with(self, prefix: str) -> UriStorage:
        """Storage that may also read the output folder, which the caller has named himself."""
        if not prefix.startswith("file://"):
            return self.storage
        roots = [*self._settings.file_roots, path_of(prefix)]
        return UriStorage(self._settings.model_copy(update={"file_roots": roots}))

    def _write(
        self,
        job: JobWriter,
        chunks: Iterable[list[tuple[int, Scene]]],
        prefix: str,
        uploader: Uploader,
        film: Film | None,
    ) -> None:
        """Write the scenes as a job's first stage, each chunk longest first, and their film as its second."""
        joining = None
        if film is not None:
            path = None if film.music is None else local_path(film.music)
            if path is not None:
                uploaded = uploader.addresses([path] if path.is_file() else [])
                film = film.model_copy(update={"music": uploaded.get(path) or file_uri(path)})
            joining = Joining(film, prefix)
        job.begin_stage()
        for chunk in chunks:
            addresses = uploader.addresses(path for _, scene in chunk for path in local_paths(scene) if path.is_file())
            weighed = _weighed(chunk)
            if joining is not None:
                joining.note(weighed)
            job.add(_items(weighed, addresses, prefix, film))
        if joining is not None:
            job.begin_stage()
            job.add([joining.item()])


def _weighed(chunk: Iterable[tuple[int, Scene]]) -> list[Weighed]:
    """A chunk's scenes, longest first, each narration looked at once."""
    weights: dict[Path | None, float] = {}
    weighed = []
    for index, scene in chunk:
        narration = local_path(scene.audio)
        if narration not in weights:
            weights[narration] = weight_of(narration)
        weighed.append(Weighed(weights[narration], index, scene))
    return sorted(weighed, key=lambda each: (-each.weight, each.place))


def _items(
    weighed: Iterable[Weighed], addresses: Mapping[Path, str], prefix: str, film: Film | None
) -> Iterator[tuple[int, WorkItem]]:
    """Items with the caller's indexes, and with addresses for paths."""
    for weight, index, scene in weighed:
        inputs = {role: _address(place, addresses) for role, place in inputs_of(scene).items()}
        payload = RenderPayload.model_validate(
            {
                **inputs,
                "title": scene.title,
                "options": scene.options,
                "cut_s": film.crossfade_s if film else None,
                "output": video_address(prefix, scene.name),
            }
        )
        fields = payload.model_dump(exclude_defaults=True)
        yield index, WorkItem(kind="render", name=scene.name, weight=round(weight, 3), payload=fields)


def output_uri(output: str | Path) -> str:
    """The URI prefix that an output folder or address means, without a slash at its end.

    Raises:
        InvalidScenes: it is an address that cannot be written.
    """
    text = str(output).strip()
    if "://" in text and len(text) > MAX_ADDRESS_CHARS:
        raise InvalidScenes([f"output: {len(text)} characters are more than the {MAX_ADDRESS_CHARS} of an address"])
    if not text or "\0" in text:
        raise InvalidScenes([f"output: {quoted(output)} is neither a folder nor an address"])
    if "://" not in text:
        return file_uri(Path(text)).rstrip("/")
    scheme, _, place = text.rstrip("/").partition("://")
    if scheme not in {"s3", "file"} or (scheme == "s3" and (not place or place.startswith("/"))):
        raise InvalidScenes([f"output: {quoted(text)} cannot be written; a folder, s3://bucket/… or file:///… can"])
    try:
        if scheme == "file":
            path_of(text)
        else:
            bucket_and_key(f"{text.rstrip('/')}/x")
    except StorageDenied as error:
        raise InvalidScenes([f"output: {error}"]) from None
    return text.rstrip("/")


def _address(place: str, addresses: Mapping[Path, str]) -> str:
    path = local_path(place)
    return place if path is None else addresses.get(path) or file_uri(path)
