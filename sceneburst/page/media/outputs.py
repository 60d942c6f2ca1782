"""Finds the files of an item's result that a browser can show, and their addresses on the page."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from scenequeue.jobs.artifact import Artifact
from scenequeue.jobs.result import ItemResult
from scenequeue.jobs.transcode.working_folder import is_working_file

PLAYLIST = "application/vnd.apple.mpegurl"
#: What the page sends as it is told; anything else is offered as a download.
SHOWN = frozenset({"video/mp4", "image/jpeg", "image/png", "image/webp", "text/vtt", PLAYLIST})
#: Codecs that a browser may be unable to decode, by their names in reports.
_OFTEN_UNPLAYABLE = frozenset({"h265", "hevc", "av1"})


class Files(NamedTuple):
    """The files of an item; each is a path on the page."""

    #: For <video>, in the order in which a browser tries them: address and media type.
    sources: tuple[tuple[str, str], ...] = ()
    #: A picture of it; "" if none was made.
    poster: str = ""
    #: All published files: name, address, size in bytes.
    downloads: tuple[tuple[str, str, int], ...] = ()
    #: Its codec, if many browsers cannot decode it; else "".
    doubtful_codec: str = ""


def artifacts_of(result: ItemResult) -> list[Artifact]:
    """Return the published files of a result; those of older versions are known by the main address only."""
    if result.artifacts:
        return [each for each in result.artifacts if not is_working_file(each.address)]
    if result.state != "done" or not result.output or is_working_file(result.output):
        return []
    return [Artifact(address=result.output, bytes=result.bytes or 0, media_type="video/mp4", role="video")]


def tail_of(address: str) -> str:
    """Return the end of an address that tells it from its item's others: folder and file name.

    With the folder, the relative addresses in playlists lead to the page as well.
    """
    return "/".join(address.partition("://")[2].split("/")[-2:])


def find_artifact(result: ItemResult, tail: str) -> Artifact | None:
    """Return the published file of a result with this end of its address; None if the result has no such file."""
    return next((each for each in artifacts_of(result) if tail_of(each.address) == tail), None)


def files_of(job_id: str, result: ItemResult) -> Files:
    """Return what a browser can show of a result."""
    artifacts = artifacts_of(result)
    if not artifacts:
        return Files()
    videos = [each for each in artifacts if each.role == "video"]
    main = [each for each in artifacts[:1] if each.role == "playlist"]
    # Of a ladder the smallest rendition: the page is for looking whether it is right.
    smallest = sorted(videos, key=lambda each: each.bytes)[:1]
    poster = next((each for each in artifacts if each.role == "poster"), None)
    return Files(
        tuple((_path(job_id, result, each), _played_as(each)) for each in (*main, *smallest)),
        "" if poster is None else _path(job_id, result, poster),
        tuple((tail_of(each.address).rpartition("/")[2], _path(job_id, result, each), each.bytes) for each in artifacts[:40]),
        _doubtful(result),
    )


def _played_as(artifact: Artifact) -> str:
    return PLAYLIST if artifact.role == "playlist" else artifact.media_type


def _path(job_id: str, result: ItemResult, artifact: Artifact) -> str:
    return f"/media/{quote(job_id, safe='')}/{quote(result.item_id, safe='')}/{quote(tail_of(artifact.address))}"


def _doubtful(result: ItemResult) -> str:
    """Return the codec of a result that many browsers cannot decode; "" if there is none, or it is unknown."""
    made = result.details.get("renditions")
    named: Sequence[object] = [result.details.get("codec")]
    if isinstance(made, list):
        named = [*named, *(each.get("codec") for each in made if isinstance(each, dict))]
    return next((name for name in named if isinstance(name, str) and name.lower() in _OFTEN_UNPLAYABLE), "")
