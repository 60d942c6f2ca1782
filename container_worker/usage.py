"""Measures the CPU time and memory of this container."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

#: Seconds for which a reading is reused: listing a machine's processes takes some milliseconds.
_READING_S = 5.0
_MIB = 1024 * 1024
_CGROUP = Path("/sys/fs/cgroup")
#: Fleets whose containers have their own control group; processes of one machine share theirs.
_WITH_CGROUP = frozenset({"docker", "fargate"})


class Usage(NamedTuple):
    """Resources that a container uses."""

    #: Share of the available CPUs since the last reading, 0 to 1; 0 at first.
    cpu_share: float
    #: MiB, without reclaimable file caches; 0 if unknown.
    memory_mib: int


class UsageMeter:
    """Reads the container's control group, or the process tree if it has none of its own. Not thread-safe.

    Args:
        fleet: the fleet; it determines whether the container has a control group.
        cgroup: folder of the control group, version 2 or 1.
        clock: monotonic seconds.
    """

    def __init__(self, fleet: str, cgroup: Path = _CGROUP, clock: Callable[[], float] = time.monotonic) -> None:
        self._cgroup = cgroup if fleet in _WITH_CGROUP else None
        self._clock = clock
        self._at: float | None = None
        self._cpu_s = 0.0
        self._last = Usage(0.0, 0)

    def read(self) -> Usage:
        """Return the current usage, at most five seconds old; the last known one if it cannot be read."""
        now = self._clock()
        if self._at is not None and now - self._at < _READING_S:
            return self._last
        try:
            cpu_s, memory_bytes = _of_cgroup(self._cgroup) if self._cgroup else _of_processes()
            cpus = _cpus(self._cgroup)
        except (OSError, ValueError, LookupError):
            # Not a known cgroup, or a process ended meanwhile.
            return self._last
        share = 0.0 if self._at is None else (cpu_s - self._cpu_s) / (now - self._at) / cpus
        self._at, self._cpu_s = now, cpu_s
        self._last = Usage(round(min(1.0, max(0.0, share)), 3), memory_bytes // _MIB)
        return self._last


def _of_cgroup(folder: Path) -> tuple[float, int]:
    """Return CPU seconds so far, and bytes of memory. Source: Linux, cgroup-v2.rst and cgroup-v1/{cpuacct,memory}.rst."""
    if (folder / "cpu.stat").exists():
        cpu_s = _fields(folder / "cpu.stat")["usage_usec"] / 1e6
        used = _number(folder / "memory.current")
        return cpu_s, used - _fields(folder / "memory.stat")["inactive_file"]
    cpu_s = _number(folder / "cpuacct/cpuacct.usage") / 1e9
    used = _number(folder / "memory/memory.usage_in_bytes")
    return cpu_s, used - _fields(folder / "memory/memory.stat")["total_inactive_file"]


def _of_processes() -> tuple[float, int]:
    """Return the same for this process and its descendants; ended ones are included once their parent has waited for them."""
    # Imported when needed: a container with a control group does without.
    import psutil

    cpu_s, memory_bytes = 0.0, 0
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        try:
            with process.oneshot():
                times = process.cpu_times()
                cpu_s += times.user + times.system + times.children_user + times.children_system
                memory_bytes += process.memory_info().rss
        except psutil.Error:
            continue
    return cpu_s, memory_bytes


def _cpus(cgroup: Path | None) -> float:
    """Return the CPUs that this container may use: its quota, or the CPUs that it may run on."""
    if cgroup and (quota := _quota(cgroup)) is not None:
        return quota
    return len(os.sched_getaffinity(0))


def _quota(folder: Path) -> float | None:
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
            return None if quota == "max" else int(quota) / int(period)
        quota_us = _number(folder / "cpu/cpu.cfs_quota_us")
        return quota_us / _number(folder / "cpu/cpu.cfs_period_us") if quota_us > 0 else None
    except OSError:
        return None


def _number(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))


def _fields(path: Path) -> dict[str, int]:
    lines = path.read_text(encoding="ascii").splitlines()
    return {name: int(value) for name, _, value in (line.partition(" ") for line in lines)}
