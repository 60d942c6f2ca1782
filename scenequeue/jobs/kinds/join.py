"""The kind `join`, which makes the file of one rendition from its segments and the tracks: its payload."""

from scenequeue.jobs.options import FrozenModel

VERSION = 1
UNIT = "seconds of video"


class JoinPayload(FrozenModel):
    """The data that a worker needs to join one rendition; the plan has the rest."""

    #: URI prefix of the job's working files of this source, without a final slash.
    work: str
    #: Name of the rendition.
    rendition: str
    #: True for the item that brings the source's verify.
    brings_verify: bool = False
