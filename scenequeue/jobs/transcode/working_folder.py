"""Defines the working folder of a job: `.sceneburst/<job id>` under its output, for files that only its items read."""

from collections.abc import Sequence
from itertools import pairwise

from scenequeue.errors import StorageDenied
from scenequeue.jobs.ids import is_job_id
from scenequeue.reasons import Code

WORK_FOLDER = ".sceneburst"


def depth_of_work(uri: str, parts: Sequence[str]) -> int:
    """Return the number of parts of the path that are above `.sceneburst`.

    Args:
        uri: the address, for the message.
        parts: of its path.

    Raises:
        StorageDenied: it is neither a working folder of a job, nor under one.
    """
    for depth, (part, below) in enumerate(pairwise(parts)):
        if part == WORK_FOLDER and is_job_id(below) and "" not in parts[depth:]:
            return depth
    raise StorageDenied(Code.NO_WORKING_FOLDER, uri=uri)
