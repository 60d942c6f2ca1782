"""Faults of one worker's resources: its children, its scratch folder, its file descriptors."""

import contextlib
import random
import shutil
import signal

import psutil

from chaos.cluster import ChaosCluster
from chaos.faults.log import FaultAction
from chaos.faults.processes import pick_worker, send_signal
from chaos.scenes import ITEM_TIMEOUT_S
from sceneburst.counted import counted

#: File descriptors left to the worker: none, or fewer than an item needs.
_FEW_FILES = (0, 4, 12)


def kill_encoder(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Kill a child of a worker in the middle of its work."""
    found = _pick_child(cluster, draws)
    if found is None or not send_signal(found[0], signal.SIGKILL):
        return None
    return FaultAction(f"killed encoder {found[0].pid} of {found[1]}", frozenset({found[1]}))


def freeze_encoder(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Stop a child of a worker for longer than an item may take.

    It is not continued: a child that had stopped itself, as the planted scene `hangs` does, would then finish.
    """
    found, seconds = _pick_child(cluster, draws), ITEM_TIMEOUT_S + draws.uniform(1.0, 4.0)
    if found is None or not send_signal(found[0], signal.SIGSTOP):
        return None
    return FaultAction(f"froze encoder {found[0].pid} of {found[1]}", frozenset({found[1]}), seconds)


def break_scratch(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Replace the folder of all scratch folders by a file, and delete what was in it."""
    folder, seconds = cluster.scratch, draws.uniform(0.5, 3.0)
    away = folder.with_name(f"away-{draws.randrange(10**9)}")
    if not folder.is_dir():
        return None
    try:
        folder.rename(away)
    except OSError:
        return None
    # A worker may have made a new folder meanwhile; it is left alone.
    with contextlib.suppress(FileExistsError):
        folder.touch(exist_ok=False)
    shutil.rmtree(away, ignore_errors=True)

    def heal() -> None:
        # Surviving children may have written into it again.
        shutil.rmtree(away, ignore_errors=True)
        if folder.is_file():
            folder.unlink()

    return FaultAction(f"a file in place of the scratch folder for {seconds:.1f} s", frozenset(), seconds, heal)


def few_files(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Lower one worker's limit of open files for a while, if this user may set limits of others."""
    worker, seconds, more = pick_worker(cluster, draws), draws.uniform(2.0, 6.0), draws.choice(_FEW_FILES)
    if worker is None:
        return None
    try:
        # This process's limit, which the worker inherited: its own may be lowered already.
        usual = psutil.Process().rlimit(psutil.RLIMIT_NOFILE)
        worker.process.rlimit(psutil.RLIMIT_NOFILE, (worker.process.num_fds() + more, usual[1]))
    except (psutil.Error, OSError):
        return None

    def lift() -> None:
        with contextlib.suppress(psutil.Error, OSError):
            worker.process.rlimit(psutil.RLIMIT_NOFILE, usual)

    name = worker.container_id
    return FaultAction(f"{name} may open {counted(more, 'more file')} for {seconds:.1f} s", frozenset({name}), seconds, lift)


def _pick_child(cluster: ChaosCluster, draws: random.Random) -> tuple[psutil.Process, str] | None:
    """Draw a child that works on an item, and its container; None if there is none."""
    children: list[tuple[psutil.Process, str]] = []
    for worker in cluster.workers():
        with contextlib.suppress(psutil.Error):
            own = worker.process.cmdline()
            at_work = [child for child in worker.process.children(recursive=True) if _is_at_work(child.cmdline(), own)]
            children += [(child, worker.container_id) for child in at_work]
    return draws.choice(children) if children else None


def _is_at_work(command: list[str], of_worker: list[str]) -> bool:
    """Return False for a child that would outlive its killed worker once it was stopped, or stop the worker itself.

    `ffmpeg -version` has no time limit of its own. A child that has not executed its program yet has the worker's command, and
    holds it up; one that is still to confine itself does not die with its worker yet.
    """
    return command != of_worker and "-version" not in command and not any(word.endswith("confine.py") for word in command)
