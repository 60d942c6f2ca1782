"""Hostile children, really run: each does its worst at every level that works here, and says how far it came."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from container_worker.sandbox.child import run_child
from container_worker.sandbox.environment import child_environment
from container_worker.sandbox.level import Level
from container_worker.sandbox.limits import Limits
from container_worker.sandbox.policy import Policy, confined
from container_worker.sandbox.probe import probe
from tests.support.processes import is_alive
from tests.support.waiting import wait_until

FOUND = probe(None)
#: The levels that this machine has, and the user that runs the tests can use.
LEVELS = [level for level in (Level.SECCOMP, Level.LANDLOCK) if level.rank <= FOUND.level.rank]
_ROOT = str(Path(__file__).parents[3])
FILES = [level for level in LEVELS if level is Level.LANDLOCK]

#: Prints "done" after what must not be possible, or the error's name.
_TRY = """
import ctypes, os, socket, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")
try:
    {attempt}
    print("done")
except OSError as error:
    print(type(error).__name__)
"""

Attack = Callable[..., list[str]]


@pytest.fixture
def attack(tmp_path: Path) -> Attack:
    """Runs an attempt as a child of a level, and returns what it printed."""

    def attack(level: Level, attempt: str) -> list[str]:
        folder = tmp_path / "own"
        folder.mkdir(exist_ok=True)
        argv = [sys.executable, "-I", "-S", "-c", _TRY.format(attempt=attempt)]
        ran = subprocess.run(
            confined(argv, policy=Policy(level, folder)), cwd=folder, env=child_environment(folder), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, start_new_session=True, check=False,
        )  # fmt: skip
        return ran.stdout.split() or [ran.stderr]

    return attack


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on the loopback, as Redis or a metadata service is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


_WORKER = """
import subprocess, sys
from container_worker.sandbox.policy import Policy, confined
from container_worker.sandbox.self_protection import protect_memory
from container_worker.sandbox.level import Level
from pathlib import Path
if sys.argv[2] == "protected":
    protect_memory()
argv = [sys.executable, "-I", "-S", "-c", sys.argv[3]]
subprocess.run(confined(argv, policy=Policy(Level(sys.argv[1]), Path.cwd())), check=True)
"""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("file", ["environ", "mem", "fd/0"])
def test_a_child_cannot_read_its_parents_environment_or_memory(tmp_path: Path, level: Level, file: str) -> None:
    """Whoever knows the worker's environment knows the password of Redis."""
    attempt = _TRY.format(attempt=f"open(f'/proc/{{os.getppid()}}/{file}', 'rb').read(1)")
    ran = subprocess.run(
        [sys.executable, "-c", _WORKER, level, "protected", attempt], cwd=tmp_path, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": _ROOT, "SECRET": "s3cret"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.stdout == "PermissionError\n", ran.stderr


def test_a_child_is_given_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of its worker's environment it gets what it needs to start, by name."""
    monkeypatch.setenv("SCENEBURST_REDIS_PASSWORD", "s3cret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    assert "s3cret" not in str(child_environment(tmp_path))


@pytest.mark.parametrize("level", LEVELS)
def test_a_child_cannot_connect_to_the_loopback(attack: Attack, listener: socket.socket, level: Level) -> None:
    """Neither to Redis nor to a metadata service."""
    assert attack(level, f"socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5)") == ["PermissionError"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket(socket.AF_UNIX)", "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)", "socket.socket(socket.AF_NETLINK)",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "os.setsid()", "os.setpgid(0, 0)", "os.kill(os.getppid(), 0)", "os.kill(-1, 0)",
        "__import__('resource').prlimit(os.getppid(), 7)", "os.setpriority(os.PRIO_PROCESS, os.getppid(), 10)",
        "os.sched_setaffinity(os.getppid(), {0})",
        "call(101, 16, os.getppid(), 0, 0)", "call(310, os.getppid(), 0, 0, 0, 0, 0)", "call(434, os.getppid(), 0)",
        "call(272, 0x10000000)", "call(56, 0x10000000 | 17, 0, 0, 0, 0)", "call(165, b'none', b'/', b'tmpfs', 0, 0)",
        "call(425, 8, bytes(120))", "call(321, 0, 0, 0)", "call(250, 0, 0)", "call(323, 0)", "call(29, 0, 4096, 0o1600)",
        "os.memfd_create('x')", "os.chmod('.', 0o777)", "os.setxattr('.', 'user.x', b'')", "os.utime('.')",
        "call(0x40000000 | 41, 1, 1, 0)", "__import__('fcntl').fcntl(0, 8, os.getppid())",
        "__import__('fcntl').ioctl(socket.socketpair()[0], 0x8901, os.getppid().to_bytes(4, sys.byteorder))",
        "__import__('fcntl').ioctl(socket.socketpair()[0], 0x8902, os.getppid().to_bytes(4, sys.byteorder))",
        "call(234, os.getppid(), os.getppid(), 0)", "call(56, 0x8000 | 17, 0, 0, 0, 0)", "call(251, 3, 0, 0x4000)",
    ],
)  # fmt: skip
def test_a_child_is_refused_the_system_calls_that_no_renderer_needs(attack: Attack, level: Level, attempt: str) -> None:
    """Sockets, other processes, namespaces, kernel interfaces and files' attributes; x86_64's numbers."""
    if "call(" in attempt and os.uname().machine != "x86_64":
        pytest.skip("written for x86_64")
    assert attack(level, attempt) == ["PermissionError"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_child_cannot_signal_its_worker_by_a_threads_id(attack: Attack, level: Level) -> None:
    """The kernel takes the id of any thread for its process; which threads the worker will have, no filter can know."""
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        assert attack(level, f"os.kill({thread.native_id}, 0)") == ["PermissionError"]
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("level", LEVELS)
def test_a_child_can_kill_its_own_children(attack: Attack, level: Level) -> None:
    """A renderer ends an encoder that it no longer needs."""
    attempt = (
        f"sys.path.append({_ROOT!r}); from container_worker.sandbox.kill import kill_child; "
        "child = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'input()'], stdin=subprocess.PIPE); "
        "kill_child(child); print(child.wait())"
    )
    assert attack(level, attempt) == ["-9", "done"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "attempt",
    [
        "subprocess.run([sys.executable, '-I', '-S', '-c', ''], check=True)", "socket.socketpair()", "os.nice(5)",
        "__import__('threading').Thread(target=print).start()", "os.kill(0, 0)", "open('mine', 'w').write('x')",
        "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))", "os.symlink('/usr', 'link')", "os.urandom(1)",
        "open('/proc/cpuinfo').read()", "os.rename('mine', 'other') if os.path.exists('mine') else None", "os.pipe()",
    ],
)  # fmt: skip
def test_a_child_can_do_what_renderers_do(attack: Attack, level: Level, attempt: str) -> None:
    """Threads, programs, pipes, files of its own, stepping back behind others."""
    assert attack(level, attempt) == ["done"]


@pytest.mark.parametrize("level", FILES)
@pytest.mark.parametrize(
    "attempt",
    [
        "open('{beside}', 'w')", "open('{beside}', 'a')", "open('{beside}').read()", "os.unlink('{beside}')",
        "os.rename('{beside}', 'mine')", "os.link('{beside}', 'mine')", "os.truncate('{beside}', 0)",
        "open('/tmp/sceneburst-written-beside', 'w')", "open('/dev/shm/sceneburst-written-beside', 'w')",
        "os.symlink('{beside}', 'link') or open('link').read()", "open('/etc/passwd').read()", "os.listdir('{parent}')",
        "open('/proc/1/cmdline').read()", "subprocess.run(['./program'])",
    ],
)  # fmt: skip
def test_a_child_can_neither_write_nor_read_beside_its_folder(attack: Attack, tmp_path: Path, level: Level, attempt: str) -> None:
    """Not its neighbours' folders, nor those that are open to everybody; nor can it run what it has written."""
    beside = tmp_path / "beside"
    beside.write_text("of another item")
    program = tmp_path / "own" / "program"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    # A link from one folder to another is refused as if they were on two devices.
    assert attack(level, attempt.format(beside=beside, parent=tmp_path)) in (["PermissionError"], ["OSError"])
    assert beside.read_text() == "of another item"


@pytest.mark.parametrize("level", FILES)
@pytest.mark.parametrize(("place", "then"), [("home", "PermissionError"), ("bin", "done")])
def test_a_program_outside_of_a_bin_folder_opens_nothing_but_itself(tmp_path: Path, level: Level, place: str, then: str) -> None:
    """Whoever keeps ffmpeg in the home folder keeps keys there too."""
    folder, program = tmp_path / "own", tmp_path / place / "ffmpeg"
    folder.mkdir()
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho ran\n")
    program.chmod(0o755)
    beside = tmp_path / place / "beside"
    beside.touch()
    attempt = f"subprocess.run([{str(program)!r}], check=True); open({str(beside)!r})"
    argv = [sys.executable, "-I", "-S", "-c", _TRY.format(attempt=attempt)]
    policy = Policy(level, folder, programs=[program])
    ran = subprocess.run(confined(argv, policy=policy), cwd=folder, capture_output=True, text=True, check=False)
    assert ran.stdout.split() == ["ran", then], ran.stderr


@pytest.mark.parametrize("level", FILES)
def test_a_folder_that_holds_a_home_is_never_opened_whole(tmp_path: Path, level: Level, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by a path to libraries that leads there either."""
    (tmp_path / "own").mkdir()
    (tmp_path / "home" / "lib").mkdir(parents=True)
    (tmp_path / "home" / "lib" / "library").touch()
    (tmp_path / "home" / "key").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/:{tmp_path}:{tmp_path}/home")
    attempt = f"open('{tmp_path}/home/lib/library'); print('read'); open('{tmp_path}/home/key')"
    argv = confined([sys.executable, "-I", "-S", "-c", _TRY.format(attempt=attempt)], policy=Policy(level, tmp_path / "own"))
    ran = subprocess.run(argv, cwd=tmp_path / "own", capture_output=True, text=True, check=False)
    assert ran.stdout.split() == ["read", "PermissionError"], ran.stderr


_DAEMON = """
import os, subprocess, sys, time
hears, tells = os.pipe()
if os.fork() == 0:
    try:
        os.setsid()
    except PermissionError:
        pass
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.write(tells, b"!")
        time.sleep(600)
    os._exit(0)
os.read(hears, 1)
{then}
"""


@pytest.mark.parametrize("then", ["time.sleep(600)", "os._exit(0)"], ids=["the child goes on", "the child ends"])
def test_nothing_that_a_child_starts_outlives_its_item(tmp_path: Path, then: str) -> None:
    """A daemon that holds on to the pipes, too: the item ends with its child, not with its time."""
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        if "sleep" in then:
            raise InterruptedError

    with contextlib.suppress(InterruptedError):
        run_child(
            [sys.executable, "-I", "-S", "-c", _DAEMON.format(then=then)], program="the child", limits=Limits(wall_s=120),
            folder=tmp_path, on_line=hear,
        )  # fmt: skip
    wait_until(lambda: not is_alive(int(heard[0])), "the daemon is gone")


@pytest.mark.parametrize("level", LEVELS)
def test_a_child_is_the_first_to_go_when_memory_runs_out_and_has_no_capabilities(attack: Attack, level: Level) -> None:
    """Whoever started the worker."""
    assert attack(level, "print(open('/proc/self/oom_score_adj').read())") in (["1000", "done"], ["PermissionError"])
    assert attack(level, "call(126, b'\\x22\\x05\\x08\\x20' + bytes(4), ctypes.create_string_buffer(24))") == ["done"]
    assert attack(level, "os.chroot('.')") == ["PermissionError"]
    # PR_GET_NO_NEW_PRIVS: no program that it runs makes it more than it is.
    assert attack(level, "print(libc.prctl(39, 0, 0, 0, 0))") == ["1", "done"]
