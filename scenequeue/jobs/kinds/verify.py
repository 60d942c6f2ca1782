"""The kind `verify`, which checks the joined files of a source, and publishes them if every check holds: its payload."""

from scenequeue.jobs.options import FrozenModel

VERSION = 1
UNIT = "seconds of video"


class VerifyPayload(FrozenModel):
    """The data that a worker needs to verify a source's files; the final addresses are in the plan."""

    #: URI prefix of the job's working files of this source, without a final slash.
    work: str
