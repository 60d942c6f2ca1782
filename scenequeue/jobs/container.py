"""Describes a container, as recorded by the dispatcher and by its heartbeat."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, computed_field, field_serializer, model_validator

from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.options import FrozenModel
from scenequeue.reasons import Reason

#: Lines of a container's log that are kept.
TAIL_LINES = 200

#: More than a day's launches: of those that run, the oldest may have been launched first of all.
ALL_CONTAINERS = 100_000


class TailLines(NamedTuple):
    """The last lines of a log, with their numbers."""

    #: The process that logged them; each process numbers its lines anew.
    run: str
    #: Number of the first line, counted from 1.
    first: int
    lines: list[str]


class ContainerRecord(FrozenModel):
    """The record of a container: the dispatcher's launch record and the worker's heartbeat in one.

    `state`: intended (written before the launch), launched, running, draining, gone, failed.
    Advisory: losing it loses no work.
    """

    container_id: ContainerId
    state: Literal["intended", "launched", "running", "draining", "gone", "failed"] = "running"
    fleet: str = ""
    #: The fleet's own name of the container: an ARN, a Docker id, a process id.
    handle: str = ""
    region: str = ""
    vcpu: float = 0.0
    memory_mib: int = 0
    is_spot: bool = False
    architecture: str = "x86_64"
    #: Ephemeral storage, if it is paid for.
    ephemeral_gib: int = 0
    #: Number of items that it was launched for.
    batch: int = 0
    #: The job whose wishes it was launched for, if any; it takes items of other jobs too.
    for_job: str = ""
    #: The image that it was started from, as its fleet names it, and the needs that it was started for, separated by spaces.
    image: str = ""
    needs: str = ""
    #: Needs that it serves, as reported by itself; "" before its first report.
    serves: str = ""
    #: Structures of the queue that it serves, newest first, separated by spaces: as reported by itself; before its first report,
    #: those of the dispatcher that launched it, to which `needs` refers. Versions that do not report any serve only 2.
    structures: str = "2"
    fence: int = 0
    intended_ms: int = 0
    launched_ms: int = 0
    started_ms: int = 0
    beat_ms: int = 0
    #: Start of its idle time; 0 while it works.
    idle_since_ms: int = 0
    ended_ms: int = 0
    #: Code and parameters of the reason that it has ended; None before, or if the reason is unknown.
    code: str | None = None
    parameters: dict[str, Any] | None = None
    slots: int = 0
    held: int = 0
    done: int = 0
    failed: int = 0
    #: Of the done items, the films.
    films: int = 0
    #: Of the done items, those that are neither scenes nor films.
    others: int = 0
    is_draining: bool = False
    #: The operator who asked for its drain ("" for a program), why, and when (0: not marked, or not known).
    drain_by: str = ""
    drain_why: str = ""
    drain_ms: int = 0
    #: The operator who asked for its stop, why, and when (0: nobody has); the acting dispatcher carries it out.
    stop_by: str = ""
    stop_why: str = ""
    stop_ms: int = 0
    host: str = ""
    version: str = ""
    #: Isolation of the programs that read users' files: uid, landlock, seccomp, none; "" if unknown.
    isolation: str = ""
    #: item key "<job>/<item>" -> share done, 0 to 1.
    progress: dict[str, float] = Field(default_factory=dict)
    #: Share of the available CPUs over the last seconds, 0 to 1; 0 if unknown.
    cpu_share: float = 0.0
    #: 0 if unknown.
    memory_used_mib: int = 0
    #: The reason that it drains, or what of its record cannot be read; None if neither. Stored as `note`.
    remark: Reason | None = None
    #: File on the dispatcher's machine with its output; "" if the output goes elsewhere.
    log: str = ""

    @computed_field(description="the reason that it has ended, in words")  # type: ignore[prop-decorator]
    @property
    def exit_reason(self) -> str:
        """The reason that it has ended, in words; "" before."""
        return self.why.text if self.why else ""

    @computed_field(description="its current problem, in words")  # type: ignore[prop-decorator]
    @property
    def note(self) -> str:
        """Its current problem, in words; "" if it has none."""
        return self.remark.text if self.remark else ""

    @field_serializer("remark")
    def _remark_for_people(self, remark: Reason | None) -> dict[str, Any] | None:
        return remark.to_people() if remark else None

    @property
    def scenes_done(self) -> int:
        return self.done - self.films - self.others

    @property
    def has_ended(self) -> bool:
        """True once it runs no more: it has left, was lost, or did not start."""
        return self.state in {"gone", "failed"}

    @property
    def why(self) -> Reason | None:
        """The reason that it has ended; None before."""
        return Reason.kept_as(self.code, self.parameters) if self.code else None

    def ended(self, why: Reason, **more: object) -> Self:
        """Return a copy of the record with the reason of its end, and further fields changed."""
        return self.model_copy(update={**why.to_json(), **more})

    @model_validator(mode="before")
    @classmethod
    def _with_code(cls, data: Any) -> Any:
        """Accept a dump of this model, which also has the sentences; `exit_reason` alone becomes a reason without a code."""
        if not isinstance(data, dict):
            return data
        given = {name: value for name, value in data.items() if name not in {"exit_reason", "note"}}
        if isinstance(given.get("remark"), Mapping):
            given["remark"] = Reason.from_json(given["remark"])
        words = data.get("exit_reason")
        if "code" in given or not words:
            return given
        return {**given, **(words if isinstance(words, Reason) else Reason.from_json(words)).to_json()}
