"""Checks places that callers name: paths and addresses of inputs, and the output."""

from pathlib import Path
from urllib.parse import unquote

from producer.codes import Code
from scenequeue.errors import InvalidScenes, Mistake, StorageDenied, inside
from scenequeue.jobs.address import MAX_ADDRESS_CHARS, bucket_and_key
from scenequeue.jobs.scene import Scene, inputs_of
from scenequeue.jobs.transcode.working_folder import is_working_file
from scenequeue.reasons import Reason
from scenequeue.storages.files import file_uri, path_of
from scenequeue.storages.public_network import host_and_port


def local_path(place: str) -> Path | None:
    """Return the local path that a place names; None for an address."""
    return None if "://" in place else Path(place)


def local_paths(scene: Scene) -> list[Path]:
    """Return the local paths among a scene's inputs."""
    return [path for place in inputs_of(scene).values() if (path := local_path(place)) is not None]


def input_problem(place: str) -> Reason | None:
    """Return the reason that a place cannot be an input (empty, unknown scheme, malformed address); None if it can."""
    if place == "":
        return Reason(Code.PLACE_EMPTY)
    if local_path(place) is not None:
        return None
    if place.partition("://")[0] not in {"s3", "https", "file"}:
        return Reason(Code.NOT_INPUT, {"place": place})
    try:
        if place.startswith("s3:"):
            bucket_and_key(place)
        elif place.startswith("file:"):
            path_of(place)
        else:
            host_and_port(place)
    except StorageDenied as error:
        return error.reason
    return None


def file_problem(role: str, path: Path) -> Reason | None:
    """Return the reason that a local file cannot be an input (missing, empty, unreadable); None if it can."""
    try:
        if not path.is_file():
            return Reason(Code.NOT_FILE if path.exists() else Code.NO_FILE, {"path": str(path)})
        # An empty subtitle file is normal for a silent scene.
        if path.stat().st_size == 0 and role != "subtitles":
            return Reason(Code.LOCAL_FILE_EMPTY, {"path": str(path)})
        with path.open("rb"):
            return None
    except OSError as error:
        return Reason(Code.LOCAL_FILE_UNREADABLE, {"path": str(path), "problem": str(error.strerror)})


def output_uri(output: str | Path) -> str:
    """Return an output folder or address as a URI prefix without a trailing slash.

    Raises:
        InvalidScenes: it is an address that cannot be written.
    """
    text = str(output).strip()
    if problem := _output_problem(output, text):
        raise InvalidScenes([Mistake(("output",), inside("output", problem))])
    return file_uri(Path(text)).rstrip("/") if "://" not in text else text.rstrip("/")


def _output_problem(output: str | Path, text: str) -> Reason | None:
    if "://" in text and len(text) > MAX_ADDRESS_CHARS:
        return Reason(Code.ADDRESS_TOO_LONG, {"length": len(text), "limit": MAX_ADDRESS_CHARS})
    if not text or "\0" in text:
        return Reason(Code.NOT_OUTPUT, {"place": str(output)})
    if is_working_file(f"/{unquote(text)}/"):
        return Reason(Code.OUTPUT_AMONG_WORKING_FILES, {"place": text})
    if "://" not in text:
        return None
    scheme, _, place = text.rstrip("/").partition("://")
    if scheme not in {"s3", "file"} or (scheme == "s3" and (not place or place.startswith("/"))):
        return Reason(Code.OUTPUT_UNWRITABLE, {"place": text})
    try:
        if scheme == "file":
            path_of(text)
        else:
            # A bucket without a prefix is a valid output.
            bucket_and_key(text.rstrip("/") if "/" in place else f"s3://{place}/x")
    except StorageDenied as error:
        return error.reason
    return None
