"""Commands for one job: submit, follow, cancel, and get its results."""

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from sceneburst.counted import counted
from sceneburst.exit_codes import Exit, when_interrupted
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    connected,
    err,
    print_json,
    print_json_line,
    print_table,
    say,
    seconds_text,
    settings_from,
    size_text,
    table,
)
from sceneburst.terminal.suggestions import Suggestions
from scenequeue.jobs.job import Callback, JobState, JobStatus, Lane
from scenequeue.jobs.result import ItemResult

JobArgument = Annotated[str, typer.Argument(help="The job's id.", show_default=False)]
LabelOption = Annotated[list[str] | None, typer.Option("--label", help="A label name=value; repeatable.", show_default=False)]
#: The cells of `status_row`.
STATUS_COLUMNS = ("job", "state", "lane", "waiting>", "ready>", "in flight>", "delayed>", "done>", "dead>", "dropped>", "age>")


def submit(
    manifest: Annotated[Path, typer.Argument(help="YAML or JSON file with the scenes.", show_default=False)],
    output: Annotated[str | None, typer.Option(help="Folder or URI for the MP4s; else the manifest's.")] = None,
    lane: Annotated[Lane, typer.Option(help="Priority.")] = Lane.NORMAL,
    job_id: Annotated[str | None, typer.Option(help="Idempotency key; else one is generated.")] = None,
    label: LabelOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the job has ended; exit 1 if scenes failed.")] = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Enqueue a manifest's scenes on a running Sceneburst."""
    from producer.client import Producer
    from producer.reach import Reach, working_folder
    from sceneburst.manifest import item_names, read_manifest
    from sceneburst.terminal.follow import follow
    from sceneburst.terminal.report import print_warnings, unmade_film
    from scenequeue.errors import InvalidScenes

    settings = settings_from(redis_url, namespace)
    with Producer(settings=settings) as producer:

        def find_reach() -> Reach | None:
            producer.queue.ping()
            return Reach.of(producer.queue.inspect.plan(), settings.inputs, working_folder())

        job = read_manifest(manifest, find_reach, output=output)
        if job.output is None:
            raise InvalidScenes([f"{manifest}: no output; name one here with --output or in the manifest"])
        if job.missing:
            raise InvalidScenes(job.missing)
        # Choose the id here, so that it is known even if the submission is interrupted.
        name = f"job-{secrets.token_hex(8)}" if job_id is None else job_id
        suggestions = Suggestions(redis_url, namespace)
        told = f"job {name} is enqueued whole, or not at all: {suggestions.command('status', name)} tells"
        with when_interrupted(told):
            handle = producer.submit_scenes(
                job.scenes,
                output=job.output,
                options=job.options,
                film=job.film,
                lane=lane,
                job_id=name,
                labels={**job.labels, **dict(parse_label(each) for each in label or [])},
            )
        status = handle.status()
        if wait:
            names = item_names(job.scenes, job.film)
            with when_interrupted(_goes_on(handle.job_id, suggestions)):
                status = follow(producer.queue, handle.job_id, names, is_quiet=as_json)
            if not as_json:
                print_warnings(handle.iter_results())
        if as_json:
            print_json(status_data(status))
        else:
            say(f"job {handle.job_id}: {counted(status.counts.total, 'scene')}, {status.state.value}")
            if status.state is JobState.FAILED and status.counts.dead:
                letters, requeue = (
                    suggestions.command("dead", "list", "--job", name),
                    suggestions.command("dead", "requeue", name),
                )
                say(f"{status.counts.dead} failed; mend what {letters} names, then")
                say(f"{requeue} renders them anew; submitting again does not")
            if film := unmade_film(status, suggestions.command("dead", "requeue", name)):
                say(film)
        if wait and status.state is not JobState.DONE:
            raise typer.Exit(Exit.FAILED)


def status(job_id: JobArgument, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Show a job's state and counts, and the reason if it waits."""
    from sceneburst.terminal.report import unmade_film

    with connected(redis_url, namespace) as queue:
        found, now_ms = queue.inspect.job(job_id), queue.inspect.now_ms()
        found = found.model_copy(update={"waits_because": queue.inspect.waits_because(found)})
    if as_json:
        print_json(status_data(found))
        return
    made = table(*STATUS_COLUMNS, "labels~")
    made.add_row(*status_row(found, now_ms), labels_text(found))
    print_table(made)
    if found.waits_because:
        say(f"it waits: {found.waits_because.text}")
    if film := unmade_film(found, Suggestions(redis_url, namespace).command("dead", "requeue", job_id)):
        say(film)
    if found.callback is not None:
        say(callback_text(found.callback))


def watch(
    job_id: JobArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line: all events, and the end.")] = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Follow a job until it has ended; exit 1 if scenes failed."""
    from sceneburst.terminal.follow import follow
    from sceneburst.terminal.report import print_warnings, unmade_film

    with connected(redis_url, namespace) as queue:
        found = queue.inspect.job(job_id)
        suggestions = Suggestions(redis_url, namespace)
        with when_interrupted(_goes_on(found.job_id, suggestions)):
            ended = follow(queue, job_id, queue.producer.names(job_id), tell=print_json_line if as_json else None)
        found_results = queue.producer.results(job_id)
        if as_json:
            for result in found_results:
                for warning in result.warnings:
                    named = {"item_id": result.item_id, "name": result.name}
                    print_json_line({"event": "warning", **named, **warning.model_dump()})
            print_json_line({"event": "end", "job": status_data(ended)})
        else:
            print_warnings(found_results)
            say(f"job {job_id}: {ended.state.value}, {ended.counts.done} of {ended.counts.total} done")
            if film := unmade_film(ended, suggestions.command("dead", "requeue", job_id)):
                say(film)
    raise typer.Exit(Exit.OK if ended.state is JobState.DONE else Exit.FAILED)


def results(job_id: JobArgument, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """List the results of a job's scenes, in the scenes' order."""
    from sceneburst.terminal.report import print_warnings

    with connected(redis_url, namespace) as queue:
        found = list(queue.producer.results(job_id))
    if as_json:
        print_json([result.model_dump(mode="json") for result in found])
        return
    if not found:
        say(f"nothing of job {job_id} has ended yet")
        return
    made = table("scene", "state", "length>", "size>", "render>", "attempts>", "output or reason~")
    for result in found:
        made.add_row(*_result_row(result))
    print_table(made)
    print_warnings(found)


def cancel(job_id: JobArgument, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Cancel a job: drop its waiting items, and stop its running ones."""
    with connected(redis_url, namespace) as queue:
        found = queue.producer.cancel(job_id, operator_name())
    if as_json:
        print_json(status_data(found))
    else:
        say(f"job {job_id}: {found.state.value}, {found.counts.dropped} dropped, {found.counts.leased} stopping")


def download(
    job_id: JobArgument,
    folder: Annotated[Path, typer.Argument(help="Target folder; created if missing.", show_default=False, file_okay=False)],
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Copy a job's finished MP4s into a folder, and verify their checksums."""
    from producer.client import Producer

    with Producer(settings=settings_from(redis_url, namespace)) as producer:
        producer.queue.ping()
        handle = producer.job(job_id)
        handle.status()
        with err.status("downloading …"), when_interrupted(f"files that are in {folder} are whole; the others are not there"):
            files = handle.download(folder)
    say(f"{counted(len(files), 'file')} in {folder}")


def _goes_on(job_id: str, suggestions: Suggestions) -> str:
    return f"job {job_id} goes on; {suggestions.command('watch', job_id)} follows it again"


def parse_label(text: str) -> tuple[str, str]:
    """Parse a label "name=value" from the command line.

    Raises:
        typer.BadParameter: it has no "=".
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise typer.BadParameter(f"{text!r} is not name=value", param_hint="--label")
    return name, value


def labels_text(found: JobStatus) -> str:
    """Return a job's labels in one line."""
    return " ".join(f"{name}={value}" for name, value in found.labels.items())


def status_data(found: JobStatus) -> dict[str, Any]:
    """Return a job's status as plain data: the shape of `status --json`."""
    return {
        **found.model_dump(mode="json"),
        "counts": {**found.counts.model_dump(), "total": found.counts.total},
        "waits_because": found.waits_because.to_people() if found.waits_because else None,
    }


def callback_text(callback: Callback) -> str:
    """Return the state of the posts to the callback address in one line."""
    tries = counted(callback.tries, "try", "tries")
    return f"callback: {callback.state.replace('_', ' ')} after {tries}" + (f": {callback.error}" if callback.error else "")


def status_row(found: JobStatus, now_ms: int) -> list[str]:
    """Return a job's status as the cells of a table."""
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
