"""Names the files of a result that are delivered: a scene's video with its sidecars, or the videos of a transcoding."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from scenequeue.jobs.result import ItemResult
from scenequeue.jobs.transcode.working_folder import is_working_file

#: Endings of a scene's possible sidecars: a poster and subtitles.
_SIDECARS = (".jpg", ".vtt")
_SCENE_ENDING = ".mp4"
_RENDITIONS = "renditions"
#: The address of a ladder's master playlist; its files are in a folder of their own.
_HLS = "hls"
#: Purposes of the files that are for users; segments are those of a ladder.
_ROLES = frozenset({"video", "captions", "poster", "sprites", "playlist", "segment"})
_FILE = re.compile(r"([^/]+)(\.[a-z0-9]{1,5})")


class DeliveredFile(NamedTuple):
    """One file to deliver."""

    result: ItemResult
    address: str
    #: Of the file to write, without its ending; not checked yet.
    name: str
    ending: str
    #: None if the result does not say; the same for the hash.
    bytes: int | None = None
    sha256: str | None = None
    #: Name of the folder that it belongs into; not checked yet. "" for none.
    folder: str = ""

    def sidecars(self) -> Iterator["DeliveredFile"]:
        """Yield the files beside a scene's video."""
        for ending in sorted(set(_SIDECARS).intersection(self.result.details.get("beside", ()))):
            yield DeliveredFile(self.result, self.address.removesuffix(self.ending) + ending, self.name, ending)


def delivered_files(result: ItemResult) -> Iterator[DeliveredFile]:
    """Yield the files of a result, without those in a job's working folder; none for an item that is not done."""
    if result.state != "done" or not result.output:
        return
    made = [each for each in result.artifacts if not is_working_file(each.address)]
    if result.artifacts and not made:
        return
    # Only a transcoding's result tells of its renditions.
    if _RENDITIONS not in result.details:
        yield DeliveredFile(result, result.output, result.name, _SCENE_ENDING, result.bytes, result.details.get("sha256"))
        return
    told = result.details.get(_HLS)
    ladder = told.rpartition("/")[0] if isinstance(told, str) else None
    for artifact in made:
        named = _FILE.fullmatch(artifact.address.rpartition("/")[2])
        if artifact.role in _ROLES and named:
            parent = artifact.address.rpartition("/")[0]
            folder = parent.rpartition("/")[2] if parent == ladder else ""
            yield DeliveredFile(result, artifact.address, named[1], named[2], artifact.bytes, artifact.sha256, folder)
