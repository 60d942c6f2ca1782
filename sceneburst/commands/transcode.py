"""`sceneburst transcode`: cuts a video, encodes its segments in many containers, joins and verifies the files."""

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from sceneburst.bit_rate import parse_kbps
from sceneburst.codes import Code
from sceneburst.commands.job_status import status_data
from sceneburst.commands.jobs import LabelOption, following, parse_label
from sceneburst.commands.render import check_output
from sceneburst.exit_codes import Exit, uninterrupted, when_interrupted
from sceneburst.terminal.screen import JsonFlag, Namespace, RedisUrl, print_json, print_table, say, settings_from
from sceneburst.terminal.suggestions import Suggestions
from sceneburst.terminal.usage import RefusedWord
from scenequeue.errors import InvalidScenes, Mistake
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.job import JobState, Lane
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.start import require

if TYPE_CHECKING:
    from producer.transcoding import TranscodeRequest
    from scenequeue.settings import ProducerSettings

#: Options of the command, by the fields that mistakes name.
_GIVEN_AS = {
    "max_kbps": "--max-bitrate", "segment_s": "--segment-seconds", "renditions": "--rendition", "job_id": "--job-id",
    "target_vmaf": "--target-vmaf", "tone_map": "--tone-map",
    **{
        name: f"--{name}"
        for name in ("codec", "crf", "audio", "container", "output", "watermark", "hls", "poster", "sprites", "webvtt")
    },
}  # fmt: skip
#: Folder for the videos if none is named.
_OUTPUT = "output"


def transcode(
    source: Annotated[str, typer.Argument(help="The video: a file, or an address.", show_default=False)],
    output: Annotated[
        str | None, typer.Option(help="Folder or URI for the videos; else `output`, and with --submit it is needed.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Options for a purpose: web, archive, phone, or a TOML file. All others override them.")
    ] = None,
    rendition: Annotated[
        list[str] | None,
        typer.Option("--rendition", help="A size, by the shorter side: 240p to 2160p; repeatable. Else the source's."),
    ] = None,
    segment_seconds: Annotated[float | None, typer.Option(min=1, max=600, help="Length of a segment; else 60.")] = None,
    codec: Annotated[
        Literal["h264", "h265", "av1", "source", "copy"] | None,
        typer.Option(help="Of the picture; source: as the source; copy: its packets as they are; else h264, and av1 in WebM."),
    ] = None,
    crf: Annotated[int | None, typer.Option(min=0, max=63, help="Constant rate factor; else the codec's default.")] = None,
    target_vmaf: Annotated[
        float | None, typer.Option(min=60, max=99, help="Mean VMAF, for which the constant rate factors are chosen.")
    ] = None,
    max_bitrate: Annotated[str | None, typer.Option(help="Cap of the bit rate: 4M, 4000k, or 4000 kbit/s.")] = None,
    audio: Annotated[
        Literal["copy", "aac", "opus"] | None, typer.Option(help="Else copied where the container holds it.")
    ] = None,
    container: Annotated[Literal["mp4", "mkv", "webm", "flv"] | None, typer.Option(help="Format of the files; else mp4.")] = None,
    hls: Annotated[bool, typer.Option("--hls", help="Also make an HLS ladder: a playlist of the renditions.")] = False,
    watermark: Annotated[
        str | None, typer.Option(help="A picture that is laid on every frame: a file (PNG, JPEG, WebP), or an address.")
    ] = None,
    tone_map: Annotated[bool, typer.Option("--tone-map", help="Make SDR of a source in HDR (PQ, HLG).")] = False,
    poster: Annotated[bool, typer.Option("--poster", help="Also write one telling frame as a JPEG.")] = False,
    sprites: Annotated[
        bool, typer.Option("--sprites", help="Also write a sheet of small pictures for seeking, with a WebVTT file.")
    ] = False,
    webvtt: Annotated[bool, typer.Option("--webvtt", help="Also write subtitles that are text as WebVTT files.")] = False,
    containers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Maximum number of containers here; else one per core.")
    ] = None,
    submit: Annotated[bool, typer.Option("--submit", help="Enqueue it on a running Sceneburst instead.")] = False,
    lane: Annotated[Lane | None, typer.Option(help="Priority, with --submit; else normal.", show_default=False)] = None,
    job_id: Annotated[str | None, typer.Option(help="Idempotency key, with --submit; else one is generated.")] = None,
    label: LabelOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="With --submit: wait until it has ended; exit 1 if it failed.")] = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Transcode a video: cut it, encode its segments in many containers, join them exactly, and verify the files.

    Runs on this machine like `render`, with everything it needs, or on a running Sceneburst with --submit.

    Profiles: web makes H.264 and AAC in MP4, 1080p to 360p; phone 480p and 360p within 1.2 Mbit/s; archive H.265 of high quality
    in the source's size, with its sound as it is, in MKV.

    Exit codes: 0 all renditions are made and verified, 1 it failed and nothing is delivered, 2 wrong source, option or output,
    or a Python package is missing, 3 ffmpeg or redis-server is missing, or with --submit Redis does not answer.
    """
    named = {
        "renditions": rendition or None, "codec": codec, "crf": crf, "audio": audio, "container": container,
        "max_kbps": None if max_bitrate is None else _max_kbps(max_bitrate), "segment_s": segment_seconds,
        "tone_map": tone_map or None, "target_vmaf": target_vmaf,
        "webvtt": webvtt or None, "hls": hls or None,
        "watermark": watermark,
        "poster": poster or None, "sprites": sprites or None,
    }  # fmt: skip
    options = {name: value for name, value in named.items() if value is not None}
    name = f"transcode-{secrets.token_hex(8)}" if job_id is None else job_id
    if submit:
        if output is None:
            raise RefusedWord(Code.OUTPUT_NEEDED, "--output")
        if containers is not None:
            raise RefusedWord(Code.ONLY_HERE, "--containers")
        labels = dict(parse_label(each) for each in label or [])
        shared = {"job_id": name, "lane": lane or Lane.NORMAL, "labels": labels}
        with _naming_options():
            _submit(_request(source, output, options, shared, profile), as_json, redis_url, namespace, waits=wait)
        return
    for option, given in (("--lane", lane), ("--label", label), ("--wait", wait)):
        if given:
            raise RefusedWord(Code.ONLY_SUBMITTED, option)
    with _naming_options():
        request = _request(source, output or _OUTPUT, options, {"job_id": name}, profile)
        report = _run_here(request, containers, is_quiet=as_json)
    if as_json:
        print_json(report)
    else:
        _print(report, output or _OUTPUT)
    raise typer.Exit(Exit.OK if report["state"] == "done" else Exit.FAILED)


def _max_kbps(text: str) -> int:
    """Return a bit rate in kbit/s.

    Raises:
        RefusedWord: it is none.
    """
    kbps = parse_kbps(text)
    if kbps is None:
        raise RefusedWord(Code.BIT_RATE_MALFORMED, "--max-bitrate", given=text)
    return kbps


def _request(
    source: str, output: str, options: Mapping[str, Any], shared: Mapping[str, Any], profile: str | None
) -> "TranscodeRequest":
    from producer.transcoding import TranscodeRequest

    return TranscodeRequest(source, output, None, options, shared, profile)


@contextmanager
def _naming_options() -> Iterator[None]:
    """Call the fields with mistakes by the options that gave them."""
    try:
        yield
    except InvalidScenes as error:
        raise InvalidScenes([_named(mistake) for mistake in error.mistakes]) from None


def _named(mistake: Mistake) -> Mistake:
    option = _GIVEN_AS.get(str(mistake.place[0])) if mistake.place else None
    if option is None or mistake.reason.code != QueueCode.INSIDE:
        return mistake
    return mistake._replace(reason=Reason(QueueCode.INSIDE, {**mistake.reason.parameters, "place": option}))


def _submit(request: "TranscodeRequest", as_json: bool, redis_url: str | None, namespace: str | None, *, waits: bool) -> None:
    told, name = "nothing was enqueued", request.shared["job_id"]
    with when_interrupted(lambda: told):
        from producer.checks import Rules
        from producer.client import Producer

        suggestions = Suggestions(redis_url, namespace)
        with Producer(settings=settings_from(redis_url, namespace)) as producer:
            producer.queue.ping()
            # From here on, also while the answer is printed.
            told = f"job {name} is enqueued whole, or not at all: {suggestions.command('status', name)} tells"
            status = producer.submit_transcoding(request, Rules()).status()
            if waits:
                from sceneburst.terminal.follow import follow

                with following(name, suggestions):
                    status = follow(producer.queue, name, {ItemId("0-0"): "probe"}, is_quiet=as_json)
            if as_json:
                print_json(status_data(status))
            else:
                say(f"job {status.job_id}: {request.source}, {status.state.value}")
                if status.state is JobState.ACTIVE:
                    say(f"{suggestions.command('watch', name)} follows it")
            if status.state is JobState.CANCELLED or (waits and status.state is not JobState.DONE):
                raise typer.Exit(Exit.FAILED)


def _run_here(request: "TranscodeRequest", containers: int | None, *, is_quiet: bool) -> dict[str, Any]:
    """Transcode on this machine; return the report. No working file is left, however it ends."""
    require("dispatcher", "worker")
    from container_worker.media.ffmpeg import find_ffmpeg
    from producer.checks import Checks, Rules
    from producer.client import Producer
    from producer.places import local_path
    from producer.transcoding import check_transcoding
    from sceneburst.local.cluster import LocalCluster
    from sceneburst.local.empty_folders import without_empty_folders
    from sceneburst.terminal.follow import follow
    from sceneburst.terminal.transcode_report import transcode_report
    from scenequeue.settings import ProducerSettings
    from scenequeue.storages.files import path_of

    checked = check_transcoding(Checks(Rules()), request)
    target = path_of(checked.prefix) if urlsplit(checked.prefix).scheme == "file" else None
    places = [place for place in (checked.source, checked.watermark) if place is not None]
    paths = [path_of(place) if place.startswith("file://") else local_path(place) for place in places]
    # A file that is a link is in two folders.
    roots = sorted({folder for path in paths if path is not None for folder in (path.parent.resolve(), path.resolve().parent)})
    roots += [target] if target is not None else []
    settings = ProducerSettings.load(file_roots=roots)
    with without_empty_folders(target):
        check_output(settings, checked.prefix)
        find_ffmpeg()
        most = containers or os.cpu_count() or 1
        # A container for each segment, as far as there are containers.
        more = {"SCENEBURST_SCENES_PER_BATCH": "1"}
        started = time.monotonic()
        with (
            when_interrupted("nothing was left running"),
            _without_working_files(settings, checked.prefix, request.shared["job_id"]),
            LocalCluster(roots, containers=most, slots=1, environment=more) as cluster,
        ):
            local = ProducerSettings.load(redis_url=cluster.url, namespace="sceneburst", file_roots=roots)
            with Producer(settings=local) as producer:
                handle = producer.submit_transcoding(request, Rules(), check_reach=False)
                names = {ItemId("0-0"): "probe"}
                status = follow(producer.queue, handle.job_id, names, is_quiet=is_quiet, check=cluster.check)
                inspect = producer.queue.inspect
                wall_s = time.monotonic() - started
                report = transcode_report(status, handle.results(), inspect.containers(), wall_s, inspect.now_ms())
                if report["source"]["uri"] is None:
                    # It has failed before anything was told of the source.
                    here = local_path(checked.source)
                    report["source"]["uri"] = checked.source if here is None else here.resolve().as_uri()
                return report


@contextmanager
def _without_working_files(settings: "ProducerSettings", prefix: str, job_id: str) -> Iterator[None]:
    """Delete the job's working files after the block, which its queue does not outlive."""
    from scenequeue.errors import ItemError
    from scenequeue.jobs.transcode.working_folder import work_folder
    from scenequeue.storages.uri import UriStorage

    try:
        yield
    finally:
        with uninterrupted():
            try:
                UriStorage(settings).delete_under(work_folder(prefix, job_id))
            except ItemError as error:
                from sceneburst.terminal.screen import note

                note(f"warning: working files are left: {error}", "yellow")


def _print(report: dict[str, Any], output: str) -> None:
    from sceneburst.terminal.transcode_report import renditions_table, summary_lines

    if report["renditions"]:
        print_table(renditions_table(report))
        say("")
    for line in summary_lines(report):
        say(line)
    if report["renditions"]:
        say(f"videos in {Path(output).absolute() if '://' not in output else output}")
