"""What is done for an item, by its kind."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pydantic import ValidationError

from container_worker.ffmpeg import Limits, Stopped
from container_worker.inputs import fetch
from scenequeue.errors import BadInput
from scenequeue.items import ItemResult, Lease, RenderPayload
from scenequeue.options import RenderOptions
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
    #: Entered for the time in which the item needs a slot.
    slot: Callable[[], AbstractContextManager[None]]
    on_progress: Callable[[float], None]
    should_stop: threading.Event


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
    payload, options = _understood(work)
    inputs = fetch(payload, work.storage, work.scratch, lambda: _stop_if_asked(work))
    digests = {role: file.sha256 for role, file in inputs.items()}
    identity = fingerprint(payload, options, digests, work.lease.item.name)
    known = work.storage.stat(payload.output)
    if known is not None and known.metadata.get("fingerprint") == identity and known.bytes:
        reused = {"fingerprint": identity, "sha256": known.sha256, "reused": True}
        return _result(work, payload, known.bytes, float(known.metadata.get("duration_s", 0)), started, reused)
    scene = SceneInputs(
        image=inputs["image"].path,
        audio=inputs["audio"].path,
        subtitles=inputs["subtitles"].path if "subtitles" in inputs else None,
        watermark=inputs["watermark"].path if "watermark" in inputs else None,
        title=payload.title,
        name=work.lease.item.name,
    )
    target = work.scratch / "scene.mp4"
    waits_since = time.monotonic()
    with work.slot():
        # Waiting for a slot is not work, and would falsify the learned rates.
        started += time.monotonic() - waits_since
        report = render_scene(
            scene, options, target, work.scratch, limits=work.limits, on_progress=work.on_progress, should_stop=work.should_stop
        )
    _stop_if_asked(work)
    metadata = {"fingerprint": identity, "duration_s": f"{report.duration_s:.6f}"}
    stored = work.storage.put(
        target, payload.output, metadata=metadata, content_type="video/mp4", on_bytes=lambda _count: _stop_if_asked(work)
    )
    details = {"fingerprint": identity, "sha256": stored.sha256, "frames": report.frames, "warnings": list(report.warnings)}
    return _result(work, payload, stored.bytes, report.duration_s, started, details)


HANDLERS: Mapping[str, Handler] = {"render": render}


def _understood(work: Work) -> tuple[RenderPayload, RenderOptions]:
    try:
        payload = RenderPayload.model_validate(work.lease.item.payload)
        return payload, work.options.overridden(payload.options)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise BadInput(f"the item is malformed: {problems}") from None


def _result(
    work: Work, payload: RenderPayload, size: int, duration_s: float, started: float, details: Mapping[str, object]
) -> ItemResult:
    """The result; `processing_s` is fetch, render and upload together, without waiting for a slot."""
    return ItemResult(
        item_id=work.lease.item_id,
        name=work.lease.item.name,
        state="done",
        output=payload.output,
        duration_s=duration_s,
        bytes=size,
        processing_s=round(time.monotonic() - started, 3),
        attempts=work.lease.attempt,
        container=work.container_id,
        details=dict(details),
    )


def _stop_if_asked(work: Work) -> None:
    if work.should_stop.is_set():
        raise Stopped(f"{work.lease.job_id}/{work.lease.item_id} was stopped before its end")
