"""Commands for one job: submit, follow, cancel, and get its results."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sceneburst.codes import Code
from sceneburst.commands.job_status import (
    STATUS_COLUMNS,
    callback_text,
    ended_text,
    labels_text,
    progress_text,
    status_data,
    status_row,
    without_results_text,
)
from sceneburst.counted import counted
from sceneburst.exit_codes import Exit, when_interrupted
from sceneburst.local.empty_folders import without_empty_folders
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    connected,
    err,
    first_line,
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
from sceneburst.terminal.usage import RefusedWord
from scenequeue.errors import JobNotFound, SceneburstError
from scenequeue.jobs.job import JobState, Lane
from scenequeue.jobs.result import ItemResult
from scenequeue.jobs.transcode.working_folder import is_working_file
from scenequeue.reasons import Reason

JobArgument = Annotated[str, typer.Argument(help="The job's id.", show_default=False)]
LabelOption = Annotated[list[str] | None, typer.Option("--label", help="A label name=value; repeatable.", show_default=False)]


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
    told = "nothing was enqueued"
    with when_interrupted(lambda: told):
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
                raise InvalidScenes([Reason(Code.OUTPUT_NOT_NAMED, {"path": str(manifest)})])
            if job.missing:
                raise InvalidScenes(job.missing)
            # Choose the id here, so that it is known even if the submission is interrupted.
            name = f"job-{secrets.token_hex(8)}" if job_id is None else job_id
            suggestions = Suggestions(redis_url, namespace)
            # From here on, also while the answer is printed.
            told = f"job {name} is enqueued whole, or not at all: {suggestions.command('status', name)} tells"
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
                with following(handle.job_id, suggestions):
                    status = follow(producer.queue, handle.job_id, names, is_quiet=as_json)
                if not as_json:
                    print_warnings(handle.iter_results())
            if as_json:
                print_json(status_data(status))
            else:
                film = " and a film" if job.film else ""
                say(f"job {handle.job_id}: {counted(len(job.scenes), 'scene')}{film}, {status.state.value}")
                if status.state is JobState.CANCELLED:
                    say("it was cancelled: what was dropped is never rendered; submit the scenes under another job id")
                if status.state is JobState.FAILED and status.counts.dead:
                    letters, requeue = (
                        suggestions.command("dead", "list", "--job", name),
                        suggestions.command("dead", "requeue", name),
                    )
                    say(f"{status.counts.dead} failed; mend what {letters} names, then")
                    say(f"{requeue} renders them anew; submitting again does not")
                if unmade := unmade_film(status, suggestions.command("dead", "requeue", name)):
                    say(unmade)
            if status.state is JobState.CANCELLED or (wait and status.state is not JobState.DONE):
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
    suggestions = Suggestions(redis_url, namespace)
    with when_interrupted(f"nothing was changed: job {job_id} is as it was; {suggestions.command('watch', job_id)} follows it"):
        from sceneburst.terminal.follow import follow
        from sceneburst.terminal.report import print_warnings, unmade_film

        with connected(redis_url, namespace) as queue:
            queue.inspect.job(job_id)
            with following(job_id, suggestions):
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
                say(ended_text(ended))
                if film := unmade_film(ended, suggestions.command("dead", "requeue", job_id)):
                    say(film)
        raise typer.Exit(Exit.OK if ended.state is JobState.DONE else Exit.FAILED)


def results(job_id: JobArgument, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """List the results of a job's scenes, in the scenes' order; of other jobs, those of all items, stage by stage."""
    from sceneburst.terminal.report import print_warnings

    with connected(redis_url, namespace) as queue:
        status, found = queue.inspect.job(job_id), list(queue.producer.results(job_id))
    if as_json:
        print_json([result.model_dump(mode="json") for result in found])
        return
    if not found:
        say(without_results_text(status))
        return
    named = ("scene", "render>") if status.is_of_scenes else ("item", "work>")
    made = table(named[0], "state", "length>", "size>", named[1], "attempts>", "output or reason~")
    for result in found:
        for row in _result_rows(result):
            made.add_row(*row)
    print_table(made)
    print_warnings(found)
    if status.state is not JobState.DONE:
        say(ended_text(status))


def download(
    job_id: JobArgument,
    folder: Annotated[Path, typer.Argument(help="Target folder; created if missing.", show_default=False, file_okay=False)],
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Copy a job's finished videos into a folder, and verify their checksums."""
    from producer.client import Producer

    with Producer(settings=settings_from(redis_url, namespace)) as producer:
        producer.queue.ping()
        handle = producer.job(job_id)
        handle.status()
        with (
            without_empty_folders(folder),
            err.status("downloading …"),
            when_interrupted(f"files that are in {folder} are whole; the others are not there"),
        ):
            files = handle.download(folder)
        found = handle.status()
    # A job that is done has all of its files, of whatever number.
    missing = 0 if found.state is JobState.DONE else max(0, found.counts.total - len(files))
    if as_json:
        print_json({"job_id": job_id, "folder": str(folder), "files": [str(file) for file in files], "missing": missing})
    elif not files:
        say(f"0 files: job {job_id} has no finished videos ({progress_text(found)})")
    else:
        lacking = f"; {counted(missing, 'video')} missing: {ended_text(found)}" if missing else ""
        say(f"{counted(len(files), 'file')} in {folder}{lacking}")


@contextmanager
def following(job_id: str, suggestions: Suggestions) -> Iterator[None]:
    """Print that the job goes on if following it ends early."""
    goes_on = f"job {job_id} goes on; {suggestions.command('watch', job_id)} follows it again"
    try:
        with when_interrupted(goes_on):
            yield
    except SceneburstError as error:
        if not isinstance(error, JobNotFound):
            error.add_note(goes_on)
        raise


def parse_label(text: str) -> tuple[str, str]:
    """Parse a label "name=value" from the command line.

    Raises:
        RefusedWord: it has no "=".
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise RefusedWord(Code.LABEL_MALFORMED, "--label", given=text)
    return name, value


def _result_rows(result: ItemResult) -> Iterator[list[str]]:
    """Yield a row for a result, and one for each further video of it; working files are not named."""
    outputs = [result.output] if result.output else []
    if result.artifacts:
        outputs = [each.address for each in result.artifacts if each.role == "video" and not is_working_file(each.address)]
    yield [
        result.name,
        result.state,
        seconds_text(result.duration_s),
        size_text(result.bytes),
        seconds_text(result.processing_s),
        str(result.attempts),
        first_line(result.error) if result.state == "dead" else (outputs[0] if outputs else "–"),
    ]
    for address, size in [(each.address, each.bytes) for each in result.artifacts if each.address in outputs[1:]]:
        yield ["", "", "", size_text(size), "", "", address]
