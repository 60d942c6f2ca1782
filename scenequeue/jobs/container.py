"""Containers: everything that the dispatcher and the container's heartbeat write down about one."""

from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, computed_field, model_validator

from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.options import FrozenModel
from scenequeue.reasons import Reason

#: Lines of a container's log that are kept.
TAIL_LINES = 200


class TailLines(NamedTuple):
    """The last lines of a log, and which they are."""

    #: Names the process that logged them: the numbers of another begin anew.
    run: str
    #: Number of the first one, counted from 1.
    first: int
    lines: list[str]


class ContainerRecord(FrozenModel):
    """Everything known of a container: the dispatcher's launch record and the worker's beat in one.

    `state`: intended (written before the launch), launched, running, draining, gone, failed.
    Advisory: losing it loses no work.
    """

    container_id: ContainerId
    state: Literal["intended", "launched", "running", "draining", "gone", "failed"] = "running"
    fleet: str = ""
    #: The fleet's own name for it: an ARN, a Docker id, a process id.
    handle: str = ""
    region: str = ""
    vcpu: float = 0.0
    memory_mib: int = 0
    is_spot: bool = False
    architecture: str = "x86_64"
    #: Ephemeral storage, where it is paid for.
    ephemeral_gib: int = 0
    #: Items it was launched for.
    batch: int = 0
    #: The job whose wishes it was launched by, if any; it takes others' work all the same.
    for_job: str = ""
    #: What it was started from, as its fleet names it, and the needs that it was started for, with spaces between them.
    image: str = ""
    needs: str = ""
    #: Needs that it serves, as it has said itself; "" before it has.
    serves: str = ""
    #: Structures of the queue that it looks at, newest first, as it has said itself; before that those of the dispatcher that
    #: launched it, by which `needs` is to be read. Who says none is of a version that looked at 2 alone.
    structures: str = "2"
    fence: int = 0
    intended_ms: int = 0
    launched_ms: int = 0
    started_ms: int = 0
    beat_ms: int = 0
    #: Since when it has held no item; 0 while it works.
    idle_since_ms: int = 0
    ended_ms: int = 0
    #: Why it has ended; "" before, and where nobody knows.
    code: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    slots: int = 0
    held: int = 0
    done: int = 0
    failed: int = 0
    is_draining: bool = False
    host: str = ""
    version: str = ""
    #: How far it keeps the programs that read users' files apart: uid, landlock, seccomp, none; "" where it is not known.
    isolation: str = ""
    #: item key "<job>/<item>" -> share done, 0 to 1.
    progress: dict[str, float] = Field(default_factory=dict)
    #: Of the CPUs that it may use, 0 to 1, over the last seconds; 0 where it is not known.
    cpu_share: float = 0.0
    #: 0 where it is not known.
    memory_used_mib: int = 0
    #: What the container is busy with or stuck on, in words.
    note: str = ""
    #: File on the dispatcher's machine that its output goes to; "" where that is no file.
    log: str = ""

    @computed_field(description="the reason that it has ended, in words")  # type: ignore[prop-decorator]
    @property
    def exit_reason(self) -> str:
        """The reason that it has ended, in words; "" before."""
        return self.why.text if self.why else ""

    @property
    def why(self) -> Reason | None:
        """The reason that it has ended; None before."""
        return Reason.from_json({"code": self.code, "parameters": self.parameters}) if self.code else None

    def ended(self, why: Reason, **more: object) -> Self:
        """The same record with the reason of its end, and further fields."""
        return self.model_copy(update={**why.to_json(), **more})

    @model_validator(mode="before")
    @classmethod
    def _with_code(cls, data: Any) -> Any:
        """A dump has the words too; where they stand alone, they are somebody else's."""
        if not isinstance(data, dict) or "exit_reason" not in data:
            return data
        given = {name: value for name, value in data.items() if name != "exit_reason"}
        words = data["exit_reason"]
        if "code" in given or not words:
            return given
        return {**given, **(words if isinstance(words, Reason) else Reason.from_json(words)).to_json()}
