"""Resource limits of one confined child, and its share of a container's memory."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

#: A child gets no less than this, however small its share of the container: AV1 at 4K takes more than 1 GiB, and less than 1.5.
_MIN_MEMORY_BYTES = 2 * 1024**3
#: Where the memory limit of a container stands, in cgroup versions 2 and 1; without a limit, "max" or a huge number.
_CGROUP_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Limits:
    """Limits of one child and its descendants; apart from `wall_s` they hold for each process by itself."""

    #: Wall clock, in seconds.
    wall_s: float = 3600.0
    #: Address space, in bytes.
    memory_bytes: int = 4 * 1024**3
    #: Largest file it may write, in bytes.
    file_bytes: int = 8 * 1024**3

    def arguments(self) -> list[str]:
        """These limits as confine.py takes them."""
        return [f"RLIMIT_AS={self.memory_bytes}", f"RLIMIT_FSIZE={self.file_bytes}"]


def child_memory_bytes(setting_bytes: int, container_bytes: int | None, slots: int) -> int:
    """The address space that one child may use: its slot's share of the container, at most the setting, at least 2 GiB.

    Args:
        setting_bytes: SCENEBURST_ITEM_MEMORY_MIB, in bytes.
        container_bytes: memory of the container or the machine; None where that is unknown.
        slots: children that work at once.
    """
    if container_bytes is None:
        return setting_bytes
    return min(setting_bytes, max(container_bytes // slots, _MIN_MEMORY_BYTES))


def container_memory_bytes() -> int | None:
    """Memory of this container, or of the machine where none is limited; None where the system does not say."""
    found = [number for path in _CGROUP_FILES if (number := _number_in(path)) is not None]
    with contextlib.suppress(OSError, ValueError, IndexError):
        found.append(int(_MEMINFO.read_text(encoding="utf-8").split("MemTotal:")[1].split()[0]) * 1024)
    return min(found, default=None)


def _number_in(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
