"""Carries out a stitch item: the rendered scenes of its job become one film."""

import hashlib
import json
import time
from dataclasses import asdict, replace
from pathlib import Path

from container_worker.ffmpeg import find_ffmpeg
from container_worker.handlers import Work, delivered, reused, stop_if_asked, understood
from container_worker.inputs import naming_addresses
from container_worker.render.child import converse
from container_worker.render.defaults import RENDERER_VERSION
from container_worker.render.film import NAME
from container_worker.render.pace import Pace
from container_worker.render.scene import SceneInputs, request_for
from scenequeue.errors import BadInput
from scenequeue.film import StitchPayload
from scenequeue.items import ItemResult
from scenequeue.options import RenderOptions
from scenequeue.storage import sha256_of


def stitch_film(work: Work) -> ItemResult:
    """Fetch the scenes, join them in a confined child, deliver the film.

    Raises:
        BadInput: a scene is gone or does not fit the others. ToolFailed, LimitExceeded, DiskFull, StorageUnavailable:
            this attempt failed. Stopped: the item was told to stop.

    Guarantees:
        The same scenes and options give the same film, and one that lies there already is not made again.
    """
    started = time.monotonic()
    payload, options = understood(work, StitchPayload)
    program = find_ffmpeg()
    if options.codec == "av1" and not program.has_av1:
        raise BadInput(f"codec av1 needs an ffmpeg with libsvtav1, which {program.path} is not; choose h264, or install one")
    digests = _fetch(work, payload, options)
    music = work.scratch / "music" if payload.music else None
    if music is not None and payload.music:
        digests.append(_get(work, payload.music, music, "music"))
    identity = _identity(payload, options, digests)
    known = reused(work, payload.output, identity, started)
    if known is not None:
        return known
    look = request_for(
        SceneInputs(Path(), Path(), title=payload.title, music=music, cut_s=0.0), options, work.scratch, program.path, 1
    )
    look = replace(look, extras=replace(look.extras, card_frames=0))
    fade_frames = round(payload.crossfade_s * options.fps)
    with naming_addresses(payload), work.slot(), Pace(work.limits.wall_s, work.on_progress) as pace:
        # As a scene's: what went before went on beside other items, and would falsify the learned rates.
        started = time.monotonic()
        made, warnings = converse(
            "container_worker.render.film",
            {"look": asdict(look), "scenes": len(payload.sources), "fade_frames": fade_frames},
            work.scratch, limits=work.limits, on_progress=pace, should_stop=work.should_stop,
            ffmpeg=program.path,
        )  # fmt: skip
    facts = {"frames": made.frames, "encoded_frames": made.encoded_frames}
    video = work.scratch / "scene.mp4"
    return delivered(work, video, payload.output, identity, made.duration_s, started, facts, warnings)


def _fetch(work: Work, payload: StitchPayload, options: RenderOptions) -> list[str]:
    """The scenes, numbered, and their sidecars; the hashes of all."""
    digests = []
    for number, source in enumerate(payload.sources):
        path = work.scratch / f"{NAME.format(number)}.mp4"
        digests.append(_get(work, source, path, f"scene {number + 1}"))
        if options.webvtt and _has_sidecar(work, source):
            sidecar = source.removesuffix(".mp4") + ".vtt"
            digests.append(_get(work, sidecar, path.with_suffix(".vtt"), f"subtitles of scene {number + 1}"))
    return digests


def _has_sidecar(work: Work, source: str) -> bool:
    """Return True if subtitles were delivered with this very scene: others may lie there from a scene of its name before it."""
    stored = work.storage.stat(source)
    return stored is not None and ".vtt" in stored.metadata.get("beside", "").split(",")


def _get(work: Work, uri: str, path: Path, what: str) -> str:
    stop_if_asked(work)
    try:
        work.storage.get(uri, path, stop_if_asked=lambda: stop_if_asked(work))
    except BadInput as error:
        raise type(error)(f"{what}: {error}") from None
    return sha256_of(path)


def _identity(payload: StitchPayload, options: RenderOptions, digests: list[str]) -> str:
    facts = {
        "renderer": RENDERER_VERSION, "options": options.model_dump(mode="json"), "crossfade_s": payload.crossfade_s,
        "title": payload.title, "inputs": digests,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
