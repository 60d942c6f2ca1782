"""A note: the smallest kind of item takes its time, and makes a text file."""

from scenequeue.jobs.options import FrozenModel

VERSION = 1
UNIT = "seconds of sleep"


class SleepPayload(FrozenModel):
    """The length of the sleep, and the address that the note goes to."""

    seconds: float
    output: str
