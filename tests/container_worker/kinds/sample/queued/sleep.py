"""A note: the smallest kind of item takes its time, and makes a text file."""

from scenequeue.jobs.options import FrozenModel

VERSION = 1
UNIT = "seconds of sleep"


class SleepPayload(FrozenModel):
    """How long to sleep, and the address that the note goes to."""

    seconds: float
    output: str
