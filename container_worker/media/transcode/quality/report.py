"""Describes what the child has measured, and the names of its files."""

from typing import Annotated

from pydantic import Field

from scenequeue.jobs.options import FrozenModel

REPORT_FILE = "quality.json"
#: Times that the samples are encoded: most searches need two or three.
MAX_ROUNDS = 6


class Trial(FrozenModel):
    """One constant rate factor that was tried for a rendition."""

    crf: Annotated[float, Field(ge=0, le=63)]
    #: Mean over the samples.
    vmaf: Annotated[float, Field(ge=0, le=100)]
    #: Largest bit rate of a sample.
    peak_kbps: Annotated[float, Field(ge=0, le=1e9)]


class QualityReport(FrozenModel):
    """The trials of each rendition, by its name."""

    trials: dict[str, Annotated[list[Trial], Field(min_length=1, max_length=MAX_ROUNDS)]]
    cpu_s: Annotated[float, Field(ge=0)] = 0.0
