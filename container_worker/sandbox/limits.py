"""Resource limits of one confined child, and its share of a container's memory."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

#: Smallest address space of a child, however small its share: AV1 at 4K takes between 1 and 1.5 GiB.
_MIN_MEMORY_BYTES = 2 * 1024**3
#: Memory limit of a container in cgroup versions 2 and 1; without a limit they hold "max" or a huge number.
_CGROUP_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Limits:
    """Limits of one child and its descendants; except for `wall_s` they apply to each process."""

    #: Wall clock, in seconds.
    wall_s: float = 3600.0
    #: Address space, in bytes.
    memory_bytes: int = 4 * 1024**3
    #: Largest file it may write, in bytes.
    file_bytes: int = 8 * 1024**3

    def arguments(self) -> list[str]:
        """Return the limits as arguments of confine.py."""
        return [f"RLIMIT_AS={self.memory_bytes}", f"RLIMIT_FSIZE={self.file_bytes}"]


def child_memory_bytes(setting_bytes: int, container_bytes: int | None, slots: int) -> int:
    """Return the address space of one child: its slot's share of the container, at most the setting, at least 2 GiB.

    Args:
        setting_bytes: SCENEBURST_ITEM_MEMORY_MIB, in bytes.
        container_bytes: memory of the container or the machine; None if unknown.
        slots: number of concurrent children.
    """
    if container_bytes is None:
        return setting_bytes
    return min(setting_bytes, max(container_bytes // slots, _MIN_MEMORY_BYTES))


def container_memory_bytes() -> int | None:
    """Return the memory limit of this container, or the machine's memory without a limit; None if unknown."""
    found = [number for path in _CGROUP_FILES if (number := _number_in(path)) is not None]
    with contextlib.suppress(OSError, ValueError, IndexError):
        found.append(int(_MEMINFO.read_text(encoding="utf-8").split("MemTotal:")[1].split()[0]) * 1024)
    return min(found, default=None)


def _number_in(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
