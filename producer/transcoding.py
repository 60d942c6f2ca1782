"""Checks a transcoding before anything is uploaded or enqueued, and makes its item."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from producer.checks import Checks
from producer.codes import Code
from producer.places import local_path
from producer.requests.transcode import stem_of, transcode_options_from
from producer.uploads import Uploader
from scenequeue.errors import Mistake, inside
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.working_folder import work_folder
from scenequeue.ports.job_writer import JobWriter
from scenequeue.quoted import shorten
from scenequeue.reasons import Reason
from scenequeue.storages.files import file_uri

#: Stages after the probe: encode and audio, join, verify.
_LATER_STAGES = 3


@dataclass(frozen=True)
class TranscodeRequest:
    """A transcoding as requested, unchecked."""

    #: None if malformed, and already reported; the same for the output.
    source: str | Path | None
    output: str | Path | None
    options: TranscodeOptions | Mapping[str, Any] | None
    #: Options that are given as fields of the request; they override the others.
    named: Mapping[str, Any]
    #: Further fields of a JobSpec; a missing id is generated.
    shared: Mapping[str, Any]
    #: Name of a built-in profile, or its file; all other options override it.
    profile: str | Path | None = None


@dataclass(frozen=True)
class Transcoding:
    """A checked transcoding."""

    source: str
    #: URI prefix of the outputs.
    prefix: str
    #: Its options name no watermark, as its address may still have to be made.
    spec: JobSpec
    watermark: str | None = None


def request_from(
    source: object,
    output: object,
    options: TranscodeOptions | Mapping[str, Any] | None,
    named: Mapping[str, Any],
    shared: Mapping[str, Any],
    profile: str | Path | None,
) -> tuple[TranscodeRequest, list[Mistake]]:
    """Return the request of a Python program, and its arguments of another type, which are mistakes like all others.

    Args:
        source: path or address of the video.
        output: folder or URI prefix.
        options: of the transcoding.
        named: options that are arguments of their own; None counts as not given.
        shared: further fields of a JobSpec.
        profile: name of a built-in profile, or path of its file.
    """
    mistakes = [
        Mistake((field,), inside(field, Reason(code, {"place": shorten(place)})))
        for field, place, code in (("source", source, Code.NOT_SOURCE), ("output", output, Code.NOT_OUTPUT))
        if not isinstance(place, str | Path)
    ]
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in named.items() if value is not None}
    return TranscodeRequest(
        source if isinstance(source, str | Path) else None,
        output if isinstance(output, str | Path) else None,
        *(options, given, shared, profile),
    ), mistakes


def check_transcoding(checks: Checks, request: TranscodeRequest) -> Transcoding:
    """Check a request, and collect its mistakes.

    Raises:
        InvalidScenes: all mistakes together, also those that were found before.
        QueueUnavailable: see `Checks.raise_mistakes`.
    """
    prefix = None if request.output is None else checks.output(request.output)
    source = None if request.source is None else checks.file(str(request.source), ("source",))
    options, mistakes = transcode_options_from(request.options, request.named, request.profile)
    checks.mistakes += mistakes
    watermark = options.watermark
    if watermark is not None:
        is_field = "watermark" in request.named or request.options is None
        watermark = checks.file(watermark, ("watermark",) if is_field else ("options", "watermark"))
        options = options.model_copy(update={"watermark": None})
    named = {"job_id": f"transcode-{secrets.token_hex(8)}"} | dict(request.shared)
    spec = checks.spec({**named, "options": options.for_job()})
    checks.raise_mistakes()
    assert prefix is not None
    assert source is not None
    assert spec is not None
    spec = spec.model_copy(update={"work_folder": work_folder(prefix, spec.job_id)})
    return Transcoding(source, prefix, spec, watermark)


def write_transcoding(job: JobWriter, transcoding: Transcoding, uploader: Uploader) -> None:
    """Write the probe of the source as a job's first stage; it and the later stages bring the items of those after them."""
    prefix = transcoding.prefix
    payload: dict[str, Any] = {
        "source": _address(transcoding.source, uploader), "output": prefix, "stem": stem_of(transcoding.source),
        "work": f"{work_folder(prefix, transcoding.spec.job_id)}/0",
    }  # fmt: skip
    if transcoding.watermark is not None:
        payload["options"] = {"watermark": _address(transcoding.watermark, uploader)}
    job.begin_stage()
    job.add([WorkItem(kind="probe", name="probe", payload=payload)])
    for _ in range(_LATER_STAGES):
        job.begin_stage(is_deferred=True)


def _address(place: str, uploader: Uploader) -> str:
    """Return the address of a file that containers read; a local one is uploaded once, if there is a place for uploads."""
    path = local_path(place)
    if path is None:
        return place
    return uploader.addresses([path] if path.is_file() else []).get(path) or file_uri(path)
