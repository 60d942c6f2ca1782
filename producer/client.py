"""Enqueues scenes for applications."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Self, Unpack

from pydantic import SecretStr

from producer.checks import Checks, JobRequest, Rules
from producer.codes import Code as ProducerCode
from producer.dispatcher_view import DispatcherView
from producer.handle import JobHandle
from producer.requests.film import FilmLike
from producer.requests.scenes import SceneLike
from producer.requests.transcode import FurtherOptions
from producer.transcoding import TranscodeRequest, check_transcoding, request_from, write_transcoding
from producer.uploads import Uploader
from producer.work_items import write_scenes
from scenequeue.errors import InvalidValue, JobNotFound, Mistake, inside
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobStatus, Lane
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.transcode.options import Container, RungName, SoundCodec, TranscodeOptions, VideoCodec
from scenequeue.jobs.wishes import JobWishes
from scenequeue.queue import SceneQueue
from scenequeue.quoted import shorten
from scenequeue.reasons import Reason
from scenequeue.settings import ProducerSettings
from scenequeue.storages.files import path_of
from scenequeue.storages.uri import UriStorage

#: Scenes of an iterator are sorted, longest first, within chunks of this size, so that memory stays bounded.
CHUNK = 10_000


class Producer:
    """Submits scenes to the queue. Thread-safe; close it, or use it in a `with` block.

    Args:
        redis_url: address of the queue; None for SCENEBURST_REDIS_URL.
        namespace: name of the queue; None for SCENEBURST_NAMESPACE.
        settings: replace the environment's settings.
    """

    def __init__(
        self, redis_url: str | None = None, namespace: str | None = None, settings: ProducerSettings | None = None
    ) -> None:
        named: dict[str, Any] = {}
        if redis_url is not None:
            named["redis_url"] = SecretStr(str(redis_url))
        if namespace is not None:
            named["namespace"] = namespace
        given_as = {name: name for name in named}
        self._settings = settings.overridden(given_as, **named) if settings else ProducerSettings.load(given_as, **named)
        self.queue = SceneQueue(self._settings)
        self.storage = UriStorage(self._settings)
        self._dispatcher = DispatcherView(self.queue, self._settings.inputs)

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
        """Check the scenes, upload local files, and enqueue all scenes as one job, atomically.

        Args:
            scenes: models or dicts (name, image, audio, subtitles, watermark, music, title, options). A sequence is checked
                as a whole before anything else happens, and leased longest first; an iterator is read in chunks of 10,000,
                each leased longest first, and nothing is visible before the last one.
            output: folder or URI prefix for the videos `<name>.mp4`.
            options: options of all scenes; a scene's own options override them.
            lane: urgent, normal or bulk.
            job_id: idempotency key: submitting the same content again returns the same job. None generates one.
            callback_url: https:// address that gets a POST when the job has ended.
            labels: at most 16 names with values, by which operators find jobs (`sceneburst jobs --label`).
            max_attempts: maximum number of attempts at a scene.
            wishes: distribution of the scenes over containers (scenes_per_batch, max_parallel_tasks, min_scenes_per_batch,
                config_priority), within the operator's bounds; missing ones follow from the lane and the number of scenes.
                None follows the operator's settings, together with all other jobs.
            film: True, a Film or its fields: when all scenes are done, a film is made of them.
            check_files: False also enqueues scenes whose local files are missing; each ends as a dead letter.
            check_reach: False also enqueues scenes with files that the active dispatcher's containers cannot read or write.
            on_progress: called with the number of scenes enqueued so far.
            on_upload: called with the number of local files that have been uploaded, or were there already, so far.

        Returns:
            The job's handle. Its `warnings` name reasons that may keep the job waiting, such as no active dispatcher.

        Raises:
            InvalidScenes: all mistakes of all scenes (of a sequence) in one exception.
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
        # Arguments of another type are mistakes like all others.
        mistakes: list[Mistake] = []
        if not isinstance(scenes, Iterable):
            mistakes.append(Mistake(("scenes",), Reason(ProducerCode.SCENES_MALFORMED)))
        if not isinstance(output, str | Path):
            problem = Reason(ProducerCode.NOT_OUTPUT, {"place": shorten(output)})
            mistakes.append(Mistake(("output",), inside("output", problem)))
        request = JobRequest(
            scenes if isinstance(scenes, Iterable) else None,
            output if isinstance(output, str | Path) else None,
            *(options, film, shared),
        )
        rules = Rules(check_files=check_files)
        return self.submit(request, rules, mistakes, check_reach=check_reach, on_progress=on_progress, on_upload=on_upload)

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
        """Check and enqueue a job like `submit_scenes`, by the rules of its entry.

        Args:
            request: the unchecked job.
            rules: rules of the entry.
            known: mistakes found by the entry, which are raised together with the others.
            check_reach: see `submit_scenes`, as for the arguments below.
            on_progress: see `submit_scenes`.
            on_upload: see `submit_scenes`.
        """
        checks = Checks(rules, self._dispatcher.reach if check_reach else None)
        checks.mistakes += known
        prefix = None if request.output is None else checks.output(request.output)
        options = checks.options(request.options)
        film = checks.film(request.film)
        spec = checks.spec({**request.shared, "options": options.for_job()})
        chunks = checks.good_chunks(request.scenes, options, film, CHUNK)
        # Raise all mistakes before anything is uploaded.
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
        return self._handle_of(status, prefix, warns=check_reach)

    def submit_transcode(
        self,
        source: str | Path,
        *,
        output: str | Path,
        profile: str | Path | None = None,
        renditions: Sequence[RungName] = (),
        codec: VideoCodec | None = None,
        crf: int | None = None,
        max_kbps: int | None = None,
        audio: SoundCodec | None = None,
        container: Container | None = None,
        hls: bool | None = None,
        segment_s: float | None = None,
        options: TranscodeOptions | Mapping[str, Any] | None = None,
        lane: Lane | str = Lane.NORMAL,
        job_id: str | None = None,
        callback_url: str | None = None,
        labels: Mapping[str, str] | None = None,
        max_attempts: int = 3,
        check_files: bool = True,
        check_reach: bool = True,
        on_upload: Callable[[int], None] | None = None,
        **more: Unpack[FurtherOptions],
    ) -> JobHandle:
        """Check a transcoding, upload a local source, and enqueue it: cut, encoded by many containers, joined, verified.

        Args:
            source: path or address of a video. Its name is the first part of the outputs' names.
            output: folder or URI prefix for the videos `<source name>-<rendition>.<container>`.
            profile: web, archive, phone, or a TOML file of options; all that follow override it.
            renditions: rungs such as "1080p", by the shorter side; those above the source's are left out, and named in the
                result. None makes one of the source's size, called `source`.
            codec: of the picture; None for the container's usual one, which is h264, and av1 in WebM.
            crf: constant rate factor; None for the codec's default.
            max_kbps: cap of the bit rate, in kbit/s.
            audio: copy (the default) encodes only what the container cannot hold.
            container: mp4 (the default), mkv, webm or flv.
            hls: True also makes an HLS ladder of the renditions.
            segment_s: length of a segment, in seconds; 60 unless given.
            options: all options in one; those that are arguments override them.
            lane: see `submit_scenes`, as for the arguments below.
            job_id: see `submit_scenes`.
            callback_url: see `submit_scenes`.
            labels: see `submit_scenes`.
            max_attempts: maximum number of attempts at each item of work.
            check_files: False also enqueues a local source that is missing.
            check_reach: see `submit_scenes`.
            on_upload: see `submit_scenes`.
            more: further options (poster, preset, audio_kbps, …): all fields of TranscodeOptions.

        Returns:
            The job's handle. The last result, called `verify`, has the videos, and in its details all that is known of them.

        Raises:
            InvalidScenes: all mistakes in one exception.
            JobConflict, QueueFull, QueueUnavailable, StorageUnavailable: see `submit_scenes`.
        """
        given = {
            "renditions": renditions or None, "codec": codec, "crf": crf, "max_kbps": max_kbps, "audio": audio,
            "container": container, "hls": hls, "segment_s": segment_s, **more,
        }  # fmt: skip
        shared = {
            **({} if job_id is None else {"job_id": job_id}),
            "lane": lane,
            "callback_url": callback_url,
            "labels": labels or {},
            "max_attempts": max_attempts,
        }
        request, mistakes = request_from(source, output, options, given, shared, profile)
        rules = Rules(check_files=check_files)
        return self.submit_transcoding(request, rules, mistakes, check_reach=check_reach, on_upload=on_upload)

    def submit_transcoding(
        self,
        request: TranscodeRequest,
        rules: Rules,
        known: Sequence[Mistake] = (),
        *,
        check_reach: bool = True,
        on_upload: Callable[[int], None] | None = None,
    ) -> JobHandle:
        """Check and enqueue a transcoding like `submit_transcode`, by the rules of its entry; arguments as of `submit`."""
        checks = Checks(rules, self._dispatcher.reach if check_reach else None)
        checks.mistakes += known
        checked = check_transcoding(checks, request)
        uploader = Uploader(self.storage, self._settings.inputs, self._settings.upload_threads, on_upload)
        try:
            with self.queue.producer.writing(checked.spec, backlog_limit=self._settings.backlog_limit) as job:
                write_transcoding(job, checked, uploader)
                status = job.commit()
        finally:
            uploader.close()
        return self._handle_of(status, checked.prefix, warns=check_reach)

    def _handle_of(self, status: JobStatus, prefix: str, *, warns: bool) -> JobHandle:
        """Return the handle of a job that was just submitted."""
        warnings = self._dispatcher.warnings(status) if warns else ()
        return JobHandle(self.queue, self._storage_with(prefix), status.job_id, self._settings.upload_threads, warnings)

    def job(self, job_id: str) -> JobHandle:
        """Return the handle of a job that was submitted earlier, by any program.

        Raises:
            JobNotFound: there is no job with this id.
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
        """Return a storage that may also read the output folder, because the caller named it."""
        if not prefix.startswith("file://"):
            return self.storage
        roots = [*self._settings.file_roots, path_of(prefix)]
        return UriStorage(self._settings.model_copy(update={"file_roots": roots}))
