"""Runs the steps for an item, by its kind."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from pydantic import ValidationError

from container_worker.inputs import fetch, naming_addresses
from container_worker.sandbox.child import Stopped
from container_worker.sandbox.limits import Limits
from container_worker.sandbox.outputs import opened_output
from scenequeue.errors import BadInput, ToolFailed, problem_line
from scenequeue.film import StitchPayload
from scenequeue.items import ItemResult, Lease, RenderPayload
from scenequeue.options import RenderOptions
from scenequeue.reasons import Reason
from scenequeue.storage import UriStorage


@dataclass(frozen=True)
class Work:
    """All that a handler gets for one item."""

    lease: Lease
    #: The job's options; a scene's overrides are the handler's to apply.
    options: RenderOptions
    #: Empty, and removed afterwards.
    scratch: Path
    storage: UriStorage
    limits: Limits
    container_id: str
    #: Entered for the time in which the item needs a slot, once everything that needs none is done.
    slot: Callable[[], AbstractContextManager[None]]
    on_progress: Callable[[float], None]
    should_stop: threading.Event


_Payload = TypeVar("_Payload", RenderPayload, StitchPayload)
#: What may lie beside a video in the scratch folder -> the ending it is delivered with, and its media type.
BESIDE = {"poster.jpg": (".jpg", "image/jpeg"), "captions.vtt": (".vtt", "text/vtt")}
#: Room for warnings in a video's metadata: S3 takes 2 KB in all.
_METADATA_BYTES = 1_000
Handler: TypeAlias = Callable[[Work], ItemResult]


def render(work: Work) -> ItemResult:
    """Make one scene's MP4, or find that it is there already.

    Raises:
        BadInput, LimitExceeded, ToolFailed, DiskFull, StorageUnavailable: why it could not be made.
        Stopped: `should_stop` was set.
    """
    # Loaded with the first scene: an idle container needs neither.
    from container_worker.render.scene import SceneInputs, fingerprint, render_scene

    started = time.monotonic()
    payload, options = understood(work, RenderPayload)
    inputs = fetch(payload, work.storage, work.scratch, lambda: stop_if_asked(work))
    digests = {role: file.sha256 for role, file in inputs.items()}
    identity = fingerprint(payload, options, digests, work.lease.item.name)
    known = reused(work, payload.output, identity, started)
    if known is not None:
        return known
    scene = SceneInputs(
        image=inputs["image"].path,
        audio=inputs["audio"].path,
        subtitles=inputs["subtitles"].path if "subtitles" in inputs else None,
        watermark=inputs["watermark"].path if "watermark" in inputs else None,
        title=payload.title,
        name=work.lease.item.name,
        music=inputs["music"].path if "music" in inputs else None,
        cut_s=payload.cut_s,
    )
    target = work.scratch / "scene.mp4"

    @contextmanager
    def turn() -> Iterator[None]:
        nonlocal started
        with work.slot():
            # What went before went on while other scenes had the slots; counted twice, it would falsify the learned rates.
            started = time.monotonic()
            yield

    with naming_addresses(payload):
        report = render_scene(
            scene, options, target, work.scratch,
            limits=work.limits, on_progress=work.on_progress, should_stop=work.should_stop, turn=turn,
        )  # fmt: skip
    facts = {"frames": report.frames}
    return delivered(work, target, payload.output, identity, report.duration_s, started, facts, report.warnings)


def stitch(work: Work) -> ItemResult:
    """Make one film of a job's rendered scenes, or find that it is there already.

    Raises:
        As `render` does.
    """
    from container_worker.stitch import stitch_film

    return stitch_film(work)


HANDLERS: Mapping[str, Handler] = {"render": render, "stitch": stitch}


def understood(work: Work, kind: type[_Payload]) -> tuple[_Payload, RenderOptions]:
    """The item's payload, and the job's options with the item's laid over them.

    Raises:
        BadInput: it is malformed; every field is named.
    """
    try:
        payload = kind.model_validate(work.lease.item.payload)
        return payload, work.options.overridden(payload.options, strict=False)
    except ValidationError as error:
        problems = "; ".join(map(problem_line, error.errors(include_input=False)))
        raise BadInput(f"the item is malformed: {problems}") from None


def reused(work: Work, output: str, identity: str, started: float) -> ItemResult | None:
    """The result where the very same video lies at the output already; what belongs beside it came there before it."""
    known = work.storage.stat(output)
    if known is None or known.metadata.get("fingerprint") != identity or not known.bytes:
        return None
    details: dict[str, object] = {"fingerprint": identity, "sha256": known.sha256, "reused": True}
    if known.metadata.get("beside"):
        details["beside"] = known.metadata["beside"].split(",")
    details["warnings"] = [warning.to_json() for warning in _read_warnings(known.metadata.get("warnings", ""))]
    return _result(work, output, known.bytes, float(known.metadata.get("duration_s", 0)), started, details)


def delivered(
    work: Work,
    video: Path,
    output: str,
    identity: str,
    duration_s: float,
    started: float,
    facts: Mapping[str, object],
    warnings: Sequence[Reason],
) -> ItemResult:
    """Put the video at its address, after what belongs beside it, and say so.

    Args:
        work: whose.
        video: in the scratch folder, the other files beside it.
        output: the address, ending in .mp4.
        identity: its fingerprint.
        duration_s: its length.
        started: when the work began, on the monotonic clock.
        facts: more for the result's details.
        warnings: for the result, and for that of whoever finds the video there later.
    """
    stop_if_asked(work)
    addresses = []
    for name, (ending, kind) in BESIDE.items():
        with opened_output(video.with_name(name)) as made:
            if made is not None:
                address = output.removesuffix(".mp4") + ending
                work.storage.put(made, address, metadata={}, content_type=kind, on_bytes=lambda _count: stop_if_asked(work))
                addresses.append(ending)
    metadata = {"fingerprint": identity, "duration_s": f"{duration_s:.6f}"}
    if addresses:
        metadata["beside"] = ",".join(addresses)
    if warnings:
        metadata["warnings"] = _written_warnings(warnings)
    with opened_output(video) as made:
        if made is None:
            raise ToolFailed(f"the renderer has not made {video.name}")
        stored = work.storage.put(
            made, output, metadata=metadata, content_type="video/mp4", on_bytes=lambda _count: stop_if_asked(work)
        )
    details: dict[str, object] = {"fingerprint": identity, "sha256": stored.sha256, **facts}
    details["warnings"] = [warning.to_json() for warning in warnings]
    if addresses:
        details["beside"] = addresses
    return _result(work, output, stored.bytes, duration_s, started, details)


def _written_warnings(warnings: Sequence[Reason]) -> str:
    """As many of the warnings as an object's metadata has room for, in ASCII."""
    for count in range(len(warnings), 0, -1):
        text = json.dumps([warning.to_json() for warning in warnings[:count]], separators=(",", ":"))
        if len(text) <= _METADATA_BYTES:
            return text
    return "[]"


def _read_warnings(text: str) -> list[Reason]:
    try:
        return [Reason.from_json(each) for each in json.loads(text or "[]")]
    except (ValueError, TypeError):
        return []


def _result(work: Work, output: str, size: int, duration_s: float, started: float, details: Mapping[str, object]) -> ItemResult:
    """The result; its `processing_s` is the time from when it has its slot until it is uploaded."""
    return ItemResult(
        item_id=work.lease.item_id,
        name=work.lease.item.name,
        state="done",
        output=output,
        duration_s=duration_s,
        bytes=size,
        processing_s=round(time.monotonic() - started, 3),
        attempts=work.lease.attempt,
        container=work.container_id,
        details=dict(details),
    )


def stop_if_asked(work: Work) -> None:
    """Raises Stopped where the item was told to stop."""
    if work.should_stop.is_set():
        raise Stopped(f"{work.lease.job_id}/{work.lease.item_id} was stopped before its end")
