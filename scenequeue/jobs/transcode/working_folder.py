"""Defines the working folder of a job: `.sceneburst/<job id>` under its output, for files that only its items read."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from scenequeue.errors import BadInput, StorageDenied
from scenequeue.jobs.ids import is_job_id
from scenequeue.quoted import shorten
from scenequeue.reasons import Code

WORK_FOLDER = ".sceneburst"


class WorkFolder(NamedTuple):
    """The working folder of a job, as the queue remembers it."""

    job_id: str
    #: As a foreign writer may have made it; `is_work_folder_of` checks it.
    address: str


@dataclass(frozen=True)
class WorkFiles:
    """The addresses of the files that the items of one source exchange."""

    #: URI prefix of them all, without a final slash.
    work: str

    @property
    def plan(self) -> str:
        return f"{self.work}/plan.json"

    @property
    def failed_verification(self) -> str:
        """The report of a verification in which a check failed."""
        return f"{self.work}/report.json"

    def segment_report(self, number: int) -> str:
        return f"{self.work}/segments/{number:05d}.json"

    def segment(self, number: int, rendition: str) -> str:
        return f"{self.work}/segments/{number:05d}-{rendition}.nut"

    def track_report(self, index: int) -> str:
        return f"{self.work}/tracks/{index}.json"

    def track(self, index: int, ending: str) -> str:
        return f"{self.work}/tracks/{index}{ending}"

    @property
    def captions_report(self) -> str:
        return f"{self.work}/captions/report.json"

    def captions(self, index: int) -> str:
        """The WebVTT file of a track of subtitles, with the times of the joined files."""
        return f"{self.work}/captions/{index}.vtt"

    def joined(self, rendition: str, container: str) -> str:
        return f"{self.work}/joined/{rendition}.{container}"

    def hls(self, name: str, ending: str) -> str:
        """A file of a ladder, or its description."""
        return f"{self.work}/hls/{name}{ending}"


def work_folder(output: str, job_id: str) -> str:
    """Return the address of a job's working folder, without a final slash.

    Args:
        output: URI prefix of the job's outputs, without a final slash.
        job_id: of the job.
    """
    return f"{output}/{WORK_FOLDER}/{job_id}"


def is_work_folder_of(address: str, job_id: str) -> bool:
    """Return True for the address of the whole working folder of this job, and of no other."""
    return is_job_id(job_id) and address.endswith(f"/{WORK_FOLDER}/{job_id}")


def work_files_of(work: str, job_id: str) -> WorkFiles:
    """Return the files of one of a job's sources, for an item of the job.

    Args:
        work: URI prefix of the files, as the item tells it; a foreign writer may have named another job's.
        job_id: of the job.

    Raises:
        BadInput: it is no folder of a source of this job.
    """
    folder, _, number = work.rpartition("/")
    if not (number.isascii() and number.isdecimal() and is_work_folder_of(folder, job_id)):
        raise BadInput(Code.WORK_FOLDER_STRAYS, uri=shorten(work), job_id=job_id)
    return WorkFiles(work)


def is_working_file(address: str) -> bool:
    """Return True for a file in the working folder of a job."""
    return f"/{WORK_FOLDER}/" in address


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
