"""The CPU time and the memory that a container uses."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from container_worker.usage import Usage, UsageMeter
from tests.support.waiting import wait_until

_MIB = 1024 * 1024


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _version_2(folder: Path, cpu_s: float, memory_mib: int, cache_mib: int) -> None:
    (folder / "cpu.stat").write_text(f"usage_usec {round(cpu_s * 1e6)}\nuser_usec 1\nsystem_usec 1\n")
    (folder / "cpu.max").write_text("200000 100000\n")
    (folder / "memory.current").write_text(f"{memory_mib * _MIB}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cache_mib * _MIB}\n")


def _version_1(folder: Path, cpu_s: float, memory_mib: int, cache_mib: int) -> None:
    for name in ("cpuacct", "cpu", "memory"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "cpuacct/cpuacct.usage").write_text(f"{round(cpu_s * 1e9)}\n")
    (folder / "cpu/cpu.cfs_quota_us").write_text("200000\n")
    (folder / "cpu/cpu.cfs_period_us").write_text("100000\n")
    (folder / "memory/memory.usage_in_bytes").write_text(f"{memory_mib * _MIB}\n")
    (folder / "memory/memory.stat").write_text(f"cache 5\ntotal_inactive_file {cache_mib * _MIB}\n")


@pytest.mark.parametrize("write", [_version_2, _version_1])
@pytest.mark.parametrize("fleet", ["docker", "fargate"])
def test_a_container_with_a_control_group_is_measured_by_it(
    tmp_path: Path, write: Callable[[Path, float, int, int], None], fleet: str
) -> None:
    """Both versions: the share of the quota's CPUs, memory without the cache that gives way; one reading in five seconds."""
    clock = Clock()
    meter = UsageMeter(fleet, tmp_path, clock)
    write(tmp_path, 30.0, 900, 100)
    assert meter.read() == Usage(0.0, 800)
    write(tmp_path, 45.0, 1200, 100)
    clock.now += 4.9
    assert meter.read() == Usage(0.0, 800)
    clock.now += 5.1
    assert meter.read() == Usage(0.75, 1100)


def test_without_a_quota_the_cpus_are_those_that_it_may_run_on(tmp_path: Path) -> None:
    """As on Fargate, whose quota is the task's; more than all of them is all of them."""
    clock = Clock()
    meter = UsageMeter("fargate", tmp_path, clock)
    _version_2(tmp_path, 0.0, 1, 0)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    meter.read()
    cpus = len(os.sched_getaffinity(0))
    for cpu_s, share in ((5.0 * cpus, 0.5), (500.0 * cpus, 1.0)):
        (tmp_path / "cpu.stat").write_text(f"usage_usec {round(cpu_s * 1e6)}\n")
        clock.now += 10
        assert meter.read().cpu_share == share


def test_what_cannot_be_read_is_not_known_and_hurts_nobody(tmp_path: Path) -> None:
    """No control group, an empty file: the last reading stands."""
    clock = Clock()
    meter = UsageMeter("docker", tmp_path, clock)
    assert meter.read() == Usage(0.0, 0)
    _version_2(tmp_path, 0.0, 700, 0)
    assert meter.read().memory_mib == 700
    (tmp_path / "memory.current").write_text("")
    clock.now += 10
    assert meter.read().memory_mib == 700


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A child that has used a third of a second of CPU time and holds 64 MiB."""
    program = "import time\nheld = bytearray(64 * 1024 * 1024)\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        yield started
        started.kill()


def test_a_process_is_measured_with_its_children(child: subprocess.Popen[bytes]) -> None:
    """A machine's control group is not its own; what a child used stays counted when it has ended."""
    assert child.stdout
    clock = Clock()
    meter = UsageMeter("process", Path("/nowhere"), clock)
    meter.read()
    child.stdout.readline()
    clock.now += 10
    seen = meter.read()
    assert seen.memory_mib >= 64
    child.kill()
    child.wait()
    clock.now += 10
    assert 0.0 <= meter.read().cpu_share <= seen.cpu_share
    wait_until(lambda: child.poll() is not None, "it has ended")
