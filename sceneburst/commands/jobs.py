"""Commands about one job: submit it, follow it, get what it made."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sceneburst.exits import Exit
from sceneburst.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    connected,
    err,
    out,
    print_json,
    seconds_text,
    settings_from,
    size_text,
    table,
)
from scenequeue.items import ItemResult, JobState, JobStatus, Lane

JobArgument = Annotated[str, typer.Argument(help="The job's id.", show_default=False)]


def submit(
    manifest: Annotated[Path, typer.Argument(help="YAML or JSON file with the scenes.", show_default=False)],
    output: Annotated[str | None, typer.Option(help="Folder or URI for the MP4s; else the manifest's.")] = None,
    lane: Annotated[Lane, typer.Option(help="Priority.")] = Lane.NORMAL,
    job_id: Annotated[str | None, typer.Option(help="Idempotency key; else one is made up.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the job has ended; exit 1 if scenes failed.")] = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Enqueue a manifest's scenes on a running Sceneburst."""
    from producer.client import Producer
    from sceneburst.follow import follow
    from sceneburst.manifest import read_manifest
    from sceneburst.report import print_warnings
    from scenequeue.errors import InvalidScenes

    job = read_manifest(manifest)
    target = output or job.output
    if target is None:
        raise InvalidScenes([f"{manifest}: no output; name one here with --output or in the manifest"])
    if job.missing:
        raise InvalidScenes(job.missing)
    with Producer(settings=settings_from(redis_url, namespace)) as producer:
        producer.queue.ping()
        handle = producer.submit_scenes(job.scenes, output=target, options=job.options, film=job.film, lane=lane, job_id=job_id)
        status = handle.status()
        if wait:
            status = follow(producer.queue, handle.job_id, [scene.name for scene in job.scenes], is_quiet=as_json)
            if not as_json:
                print_warnings(handle.iter_results())
        if as_json:
            print_json(status_data(status))
        else:
            out.print(f"job {handle.job_id}: {status.counts.total} scenes, {status.state.value}", highlight=False)
        if wait and status.state is not JobState.DONE:
            raise typer.Exit(Exit.FAILED)


def status(job_id: JobArgument, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """How a job stands."""
    with connected(redis_url, namespace) as queue:
        found, now_ms = queue.inspect.job(job_id), queue.inspect.now_ms()
    if as_json:
        print_json(status_data(found))
        return
    made = table("job", "state", "lane", "waiting>", "ready>", "in flight>", "delayed>", "done>", "dead>", "dropped>", "age>")
    made.add_row(*status_row(found, now_ms))
    out.print(made)


def watch(job_id: JobArgument, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Follow a job until it has ended; exit 1 if scenes failed."""
    from sceneburst.follow import follow
    from sceneburst.report import print_warnings

    with connected(redis_url, namespace) as queue:
        found = queue.inspect.job(job_id)
        names = _names(queue, job_id, found.counts.total)
        ended = follow(queue, job_id, names)
        print_warnings(result for stage in range(ended.stages) for result in queue.producer.results(job_id, stage=stage))
    out.print(f"job {job_id}: {ended.state.value}, {ended.counts.done} of {ended.counts.total} done", highlight=False)
    raise typer.Exit(Exit.OK if ended.state is JobState.DONE else Exit.FAILED)


def results(job_id: JobArgument, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """What a job's scenes came to, in their order."""
    from sceneburst.report import print_warnings

    with connected(redis_url, namespace) as queue:
        queue.inspect.job(job_id)
        found = list(queue.producer.results(job_id))
    if as_json:
        print_json([result.model_dump(mode="json") for result in found])
        return
    made = table("scene", "state", "length>", "size>", "render>", "attempts>", "output or reason")
    for result in found:
        made.add_row(*_result_row(result))
    out.print(made)
    print_warnings(found)


def cancel(job_id: JobArgument, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Drop what waits of a job, and stop what runs."""
    with connected(redis_url, namespace) as queue:
        found = queue.producer.cancel(job_id)
    if as_json:
        print_json(status_data(found))
    else:
        out.print(
            f"job {job_id}: {found.state.value}, {found.counts.dropped} dropped, {found.counts.leased} stopping", highlight=False
        )


def download(
    job_id: JobArgument,
    folder: Annotated[Path, typer.Argument(help="Where to; made if it is not there.", show_default=False)],
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Copy a job's finished MP4s into a folder, each checked against its checksum."""
    from producer.client import Producer

    with Producer(settings=settings_from(redis_url, namespace)) as producer:
        producer.queue.ping()
        handle = producer.job(job_id)
        handle.status()
        with err.status("downloading …"):
            files = handle.download(folder)
    out.print(f"{len(files)} files in {folder}", highlight=False)


def status_data(found: JobStatus) -> dict[str, Any]:
    """A job's status as plain data: the shape of `status --json`."""
    return {**found.model_dump(mode="json"), "counts": {**found.counts.model_dump(), "total": found.counts.total}}


def status_row(found: JobStatus, now_ms: int) -> list[str]:
    """A job's status as the cells of a table."""
    counts = found.counts
    numbers = (counts.waiting, counts.ready, counts.leased, counts.delayed, counts.done, counts.dead, counts.dropped)
    return [found.job_id, found.state.value, found.lane.value, *map(str, numbers), age_text(found.created_ms, now_ms)]


def _result_row(result: ItemResult) -> list[str]:
    return [
        result.name,
        result.state,
        seconds_text(result.duration_s),
        size_text(result.bytes),
        seconds_text(result.processing_s),
        str(result.attempts),
        result.output or result.error or "",
    ]


def _names(queue: Any, job_id: str, total: int) -> list[str]:
    """Names of the scenes as far as the queue tells them; their index otherwise."""
    names = [f"scene {index + 1}" for index in range(total)]
    known = [(result.item_id, result.name) for result in queue.producer.results(job_id)]
    known += [(item.item_id, item.name) for item in queue.inspect.leased() if item.job_id == job_id]
    for item_id, name in known:
        stage, _, index = item_id.partition("-")
        if stage == "0" and int(index) < total:
            names[int(index)] = name
    return names
