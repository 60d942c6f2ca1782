"""Uploads an item's outputs, and finds those that an earlier attempt has uploaded."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from container_worker.codes import Code
from container_worker.media.file_names import CAPTIONS, POSTER, VIDEO
from container_worker.sandbox.outputs import open_output
from scenequeue.errors import ToolFailed
from scenequeue.jobs.artifact import Artifact
from scenequeue.reasons import Reason
from scenequeue.storage import Stored
from scenequeue.storages.uri import UriStorage

#: Bytes of an object's metadata used for warnings; S3 allows 2 KB in total.
_METADATA_BYTES = 1_000


@dataclass(frozen=True)
class Output:
    """A file that an item delivers."""

    #: Name in the scratch folder.
    file_name: str
    #: Target address; it is written once, and atomically.
    uri: str
    media_type: str
    #: As in `Artifact`.
    role: str
    #: True for one that must be made; others but the main one may be missing.
    is_required: bool = False

    def place_beside(self, main: "Output") -> str:
        """Return what the address has in place of the main output's ending, such as ".jpg"; ASCII without commas."""
        stem = main.uri.rpartition(".")[0]
        return quote(self.uri.removeprefix(stem))

    def stored(self, found: Stored) -> Artifact:
        """Return the artifact that is stored at the address."""
        return Artifact(address=self.uri, bytes=found.bytes, sha256=found.sha256, media_type=self.media_type, role=self.role)


@dataclass(frozen=True)
class Delivered:
    """The outputs at their addresses, with the facts in the main output's metadata."""

    #: The main output first.
    artifacts: Sequence[Artifact]
    #: The sidecars' places beside the main output, which are their endings where they have its stem.
    beside: Sequence[str] = ()
    duration_s: float | None = None
    warnings: Sequence[Reason] = ()


def video_outputs(uri: str) -> list[Output]:
    """Return the outputs of a kind that makes an MP4: the video, and possible sidecars.

    Args:
        uri: the video's address, ending in .mp4.
    """
    stem = uri.removesuffix(".mp4")
    return [
        Output(VIDEO, uri, "video/mp4", "video"),
        Output(POSTER, f"{stem}.jpg", "image/jpeg", "poster"),
        Output(CAPTIONS, f"{stem}.vtt", "text/vtt", "captions"),
    ]


def find_existing_output(outputs: Sequence[Output], identity: str, storage: UriStorage) -> Delivered | None:
    """Return the outputs if all of them are stored already, made of the same inputs; else None.

    Args:
        outputs: the main output first.
        identity: the fingerprint that it was uploaded with.
        storage: reads their metadata.
    """
    main, *others = outputs
    known = storage.stat(main.uri)
    if known is None or known.metadata.get("fingerprint") != identity or not known.bytes:
        return None
    said = known.metadata
    beside = _read_beside(said)
    artifacts = [main.stored(known)]
    for other in others:
        if other.is_required or other.place_beside(main) in beside:
            found = storage.stat(other.uri)
            if found is None:
                return None
            artifacts.append(other.stored(found))
    return Delivered(
        artifacts,
        beside,
        duration_s=float(said["duration_s"]) if "duration_s" in said else None,
        warnings=_read_warnings(said.get("warnings", "")),
    )


def uploaded_captions(video_uri: str, storage: UriStorage) -> str | None:
    """Return the address of the captions that were uploaded with a video; None if there are none.

    A file at that address may be left from an earlier video, so the video's metadata decides.
    """
    stored = storage.stat(video_uri)
    main, *others = video_outputs(video_uri)
    captions = next(output for output in others if output.file_name == CAPTIONS)
    return captions.uri if stored is not None and captions.place_beside(main) in _read_beside(stored.metadata) else None


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
    """Upload the main output, after its sidecars.

    Args:
        outputs: the main output first; others are skipped if they were not made.
        folder: contains the files.
        identity: the fingerprint, by which a later item finds the output; "" for none.
        storage: writes them.
        stop_if_asked: called before and during each upload; an exception from it ends the upload.
        duration_s: the output's length; stored in its metadata.
        warnings: stored in its metadata.

    Raises:
        ToolFailed: the main output or a required one was not made, or is no regular file.
        StorageDenied, StorageUnavailable, DiskFull.
    """
    main, *others = outputs
    stop_if_asked()
    delivered = [(other, _put(other, folder, {}, storage, stop_if_asked)) for other in others]
    for other, stored in delivered:
        if stored is None and other.is_required:
            raise ToolFailed(Code.OUTPUT_MISSING, file=other.file_name)
    beside = [other.place_beside(main) for other, stored in delivered if stored and not other.is_required]
    metadata = {"fingerprint": identity} if identity else {}
    if duration_s is not None:
        metadata["duration_s"] = f"{duration_s:.6f}"
    if beside:
        metadata["beside"] = ",".join(beside)
    if warnings:
        metadata["warnings"] = _written_warnings(warnings)
    stored = _put(main, folder, metadata, storage, stop_if_asked)
    if stored is None:
        raise ToolFailed(Code.OUTPUT_MISSING, file=main.file_name)
    artifacts = [main.stored(stored), *(other.stored(found) for other, found in delivered if found)]
    return Delivered(artifacts, beside, duration_s, warnings)


def _put(
    output: Output, folder: Path, metadata: Mapping[str, str], storage: UriStorage, stop_if_asked: Callable[[], None]
) -> Stored | None:
    """Upload one file; return None if it was not made."""
    with open_output(folder / output.file_name) as made:
        if made is None:
            return None
        return storage.put(
            made, output.uri, metadata=metadata, content_type=output.media_type, on_bytes=lambda _count: stop_if_asked()
        )


def _written_warnings(warnings: Sequence[Reason]) -> str:
    """Return as many of the warnings as fit into an object's metadata, in ASCII."""
    for count in range(len(warnings), 0, -1):
        text = json.dumps([warning.to_json() for warning in warnings[:count]], separators=(",", ":"))
        if len(text) <= _METADATA_BYTES:
            return text
    return "[]"


def _read_beside(metadata: Mapping[str, str]) -> list[str]:
    """Return the places of the sidecars that the main output was uploaded with."""
    return metadata["beside"].split(",") if metadata.get("beside") else []


def _read_warnings(text: str) -> list[Reason]:
    try:
        return [Reason.from_json(each) for each in json.loads(text or "[]")]
    except (ValueError, TypeError):
        return []
