"""Containers: everything that the dispatcher and the container's heartbeat write down about one."""

from typing import Literal, NamedTuple

from pydantic import Field

from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.options import FrozenModel

#: How the exit reason of a container begins that left because its own surroundings were broken.
BROKEN = "broken: "
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
    exit_reason: str = ""
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
