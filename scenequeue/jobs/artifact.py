"""Describes a file that an item has made."""

from scenequeue.jobs.options import FrozenModel


class Artifact(FrozenModel):
    """One file at its address."""

    address: str
    bytes: int
    #: Hexadecimal; None if the storage does not keep it.
    sha256: str | None = None
    media_type: str
    #: Its purpose: video, poster, sprites, captions, playlist, segment, report.
    role: str
