"""`sceneburst render`: renders a manifest on this machine."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from sceneburst.codes import Code
from sceneburst.counted import Number
from sceneburst.exit_codes import Exit, when_interrupted
from sceneburst.terminal.screen import JsonFlag, note, print_json, print_table, say
from scenequeue.errors import SceneburstError
from scenequeue.reasons import Reason
from scenequeue.start import require

if TYPE_CHECKING:
    from producer.handle import JobHandle

ManifestPath = Annotated[Path, typer.Argument(help="YAML or JSON file with the scenes.", show_default=False)]


def render(
    manifest: ManifestPath,
    output: Annotated[str | None, typer.Option(help="Folder or URI for the MP4s; else the manifest's.")] = None,
    containers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Maximum number of containers; else one per core.")
    ] = None,
    slots: Annotated[int, typer.Option(min=1, max=64, help="Scenes that a container renders at once.")] = 1,
    expect_failure: Annotated[
        list[str] | None, typer.Option("--expect-failure", help="Exit 0 only if exactly these scenes fail.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Render a manifest on this machine, with its own Redis, dispatcher and containers, which are removed afterwards.

    Exit codes: 0 every scene succeeded, 1 some failed (the others are delivered), 2 wrong manifest or output, or a Python
    package is missing, 3 ffmpeg or redis-server is missing.
    """
    require("dispatcher", "worker")
    from container_worker.media.ffmpeg import find_ffmpeg
    from producer.client import Producer
    from producer.places import output_uri
    from sceneburst.local.cluster import LocalCluster
    from sceneburst.local.empty_folders import without_empty_folders
    from sceneburst.manifest import item_names, read_manifest
    from sceneburst.terminal.follow import follow
    from sceneburst.terminal.report import print_warnings, report_of, report_table, totals_text, unmade_film
    from scenequeue.settings import ProducerSettings
    from scenequeue.storages.files import path_of

    job = read_manifest(manifest, output=output)
    target = output_uri(job.output or "output")
    roots = _input_folders(job.scenes, job.film.music if job.film else None)
    if urlsplit(target).scheme == "file":
        roots.append(path_of(target))
    settings = ProducerSettings.load(file_roots=roots)
    with without_empty_folders(path_of(target) if urlsplit(target).scheme == "file" else None):
        check_output(settings, target)
        find_ffmpeg()
        for line in job.missing:
            note(f"warning: {line.text}; this scene will fail, the others are rendered", "yellow")
        most = containers or os.cpu_count() or 1
        batch = -(-len(job.scenes) // most)
        more = {"SCENEBURST_SCENES_PER_BATCH": str(batch)}
        started = time.monotonic()
        with (
            when_interrupted("nothing was left running"),
            LocalCluster(roots, containers=most, slots=slots, environment=more) as cluster,
        ):
            local = ProducerSettings.load(redis_url=cluster.url, namespace="sceneburst", file_roots=roots)
            with Producer(settings=local) as producer:
                # The dispatcher has just started, and its containers share the manifest's files.
                handle = producer.submit_scenes(
                    job.scenes,
                    output=target,
                    options=job.options,
                    film=job.film,
                    labels=job.labels,
                    check_files=False,
                    check_reach=False,
                )
                names = item_names(job.scenes, job.film)
                with when_interrupted(lambda: text_when_interrupted(handle)):
                    status = follow(producer.queue, handle.job_id, names, is_quiet=as_json, check=cluster.check)
                wall_s = time.monotonic() - started
                inspect = producer.queue.inspect
                results = handle.results()
                report = report_of(status, results, inspect.containers(), wall_s, inspect.now_ms())
    if as_json:
        print_json(report)
    else:
        print_table(report_table(report, results))
        say("")
        say(totals_text(report))
        if film := unmade_film(status, "render again"):
            say(film)
        print_warnings(results)
        if any(result.state == "done" for result in results):
            say(f"videos in {path_of(target) if urlsplit(target).scheme == 'file' else target}")
    unmade = {job.film.name} if job.film and unmade_film(status, "") else set()
    raise typer.Exit(verdict(report, set(expect_failure or []), unmade))


def text_when_interrupted(handle: "JobHandle") -> str:
    """Return the last line of an interrupted job; "" if the queue is gone already."""
    try:
        made = handle.status().counts.done
    except SceneburstError:
        return ""
    if not made:
        return "nothing was left running, and no video was finished"
    videos = f"{Number(made):the video that was finished is|the # videos that were finished are}"
    return f"nothing was left running; {videos} in the output"


def verdict(report: dict[str, Any], expected: set[str], unmade: set[str]) -> Exit:
    """Return the exit code of an ended job.

    Args:
        report: the job's report.
        expected: names of scenes that should fail.
        unmade: the film's name, if it was not made because scenes failed.
    """
    failed = {scene["name"] for scene in report["scenes"] if scene["state"] != "done"}
    totals = report["totals"]
    missing = totals["scenes"] + totals.get("films", 0) - len(report["scenes"]) - len(unmade)
    if not expected:
        return Exit.FAILED if failed or missing or unmade else Exit.OK
    # A film that was not made because scenes failed is no failure of its own, but may be named as expected.
    odd = (failed ^ expected) - unmade
    if odd or missing:
        note(f"not as expected: {', '.join(sorted(odd)) or 'some scenes'}", "red")
        return Exit.FAILED
    return Exit.OK


def check_output(settings: Any, target: str) -> None:
    """Check that videos can be written to the output.

    Raises:
        InvalidScenes: they cannot.
    """
    from scenequeue.errors import InvalidScenes, ItemError
    from scenequeue.storages.uri import UriStorage

    try:
        UriStorage(settings).check_writable(target)
    except ItemError as error:
        raise InvalidScenes([Reason(Code.OUTPUT_NOT_WRITABLE, {"problem": error.reason})]) from None


def _input_folders(scenes: list[Any], music: str | None) -> list[Path]:
    from producer.places import local_path, local_paths

    paths = [path for scene in scenes for path in local_paths(scene)]
    if music is not None and (path := local_path(music)) is not None:
        paths.append(path)
    # A file that is a link is in two folders.
    return sorted({folder for path in paths for folder in (path.parent.resolve(), path.resolve().parent)})
