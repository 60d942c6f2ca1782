"""Delivers an item's files, and finds those that an earlier attempt has delivered."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from container_worker.sandbox.outputs import opened_output
from scenequeue.errors import ToolFailed
from scenequeue.reasons import Reason
from scenequeue.storage import Stored
from scenequeue.storages.uri import UriStorage

#: Room for warnings in an object's metadata: S3 takes 2 KB in all.
_METADATA_BYTES = 1_000


@dataclass(frozen=True)
class Output:
    """A file that an item delivers."""

    #: In the scratch folder.
    file_name: str
    #: The address that it goes to, once, whole.
    uri: str
    media_type: str


@dataclass(frozen=True)
class Delivered:
    """The outputs at their addresses, and what their metadata says of them."""

    main: Stored
    #: Endings of what lies beside the main output.
    beside: Sequence[str] = ()
    duration_s: float | None = None
    warnings: Sequence[Reason] = ()


def video_outputs(uri: str) -> list[Output]:
    """Return the outputs of a kind that makes an MP4: the video, and what may lie beside it.

    Args:
        uri: the video's address, ending in .mp4.
    """
    stem = uri.removesuffix(".mp4")
    return [
        Output("scene.mp4", uri, "video/mp4"),
        Output("poster.jpg", f"{stem}.jpg", "image/jpeg"),
        Output("captions.vtt", f"{stem}.vtt", "text/vtt"),
    ]


def find_existing_output(outputs: Sequence[Output], identity: str, storage: UriStorage) -> Delivered | None:
    """Return the outputs that lie at their addresses already, made of the same inputs; None where there are none.

    Args:
        outputs: the main one first; what belongs beside it came there before it.
        identity: the fingerprint that it was delivered with.
        storage: looks there.
    """
    known = storage.stat(outputs[0].uri)
    if known is None or known.metadata.get("fingerprint") != identity or not known.bytes:
        return None
    said = known.metadata
    return Delivered(
        main=known,
        beside=said["beside"].split(",") if said.get("beside") else (),
        duration_s=float(said["duration_s"]) if "duration_s" in said else None,
        warnings=_read_warnings(said.get("warnings", "")),
    )


def upload_outputs(
    outputs: Sequence[Output],
    folder: Path,
    identity: str,
    storage: UriStorage,
    stop_if_asked: Callable[[], None],
    *,
    duration_s: float | None,
    warnings: Sequence[Reason],
) -> Delivered:
    """Put the main output at its address, after what belongs beside it.

    Args:
        outputs: the main one first; of the others, those that were made.
        folder: where the files lie.
        identity: the fingerprint, for whoever finds the output later.
        storage: takes them.
        stop_if_asked: called before and during each upload; what it raises ends it.
        duration_s: the output's length, kept with it.
        warnings: kept with it.

    Raises:
        ToolFailed: the main output was not made, or something lies in its place.
        StorageDenied, StorageUnavailable, DiskFull.
    """
    main, *others = outputs
    stop_if_asked()
    beside = [_ending(other) for other in others if _put(other, folder, {}, storage, stop_if_asked)]
    metadata = {"fingerprint": identity}
    if duration_s is not None:
        metadata["duration_s"] = f"{duration_s:.6f}"
    if beside:
        metadata["beside"] = ",".join(beside)
    if warnings:
        metadata["warnings"] = _written_warnings(warnings)
    stored = _put(main, folder, metadata, storage, stop_if_asked)
    if stored is None:
        raise ToolFailed(f"the renderer has not made {main.file_name}")
    return Delivered(stored, beside, duration_s, warnings)


def _put(
    output: Output, folder: Path, metadata: Mapping[str, str], storage: UriStorage, stop_if_asked: Callable[[], None]
) -> Stored | None:
    """Upload one file; None where it was not made."""
    with opened_output(folder / output.file_name) as made:
        if made is None:
            return None
        return storage.put(
            made, output.uri, metadata=metadata, content_type=output.media_type, on_bytes=lambda _count: stop_if_asked()
        )


def _ending(other: Output) -> str:
    return f".{other.uri.rpartition('.')[2]}"


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
