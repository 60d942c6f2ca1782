"""Faults of what one worker stands on: its children, its scratch folder, its file descriptors."""

import contextlib
import random
import shutil
import signal

import psutil

from chaos.cluster import ChaosCluster
from chaos.faults.log import Strike
from chaos.faults.processes import chosen, sent
from chaos.scenes import ITEM_TIMEOUT_S
from scenequeue.counted import counted

#: Descriptors that are left to one that gets few: none, or some, but fewer than an item needs.
_FEW_FILES = (0, 4, 12)


def kill_encoder(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGKILL to a child of a worker, in the middle of its work."""
    found = _chosen_child(cluster, draws)
    if found is None or not sent(found[0], signal.SIGKILL):
        return None
    return Strike(f"killed encoder {found[0].pid} of {found[1]}", frozenset({found[1]}))


def freeze_encoder(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGSTOP to a child of a worker, past the time that an item may take.

    It is never woken: one that had stopped itself, as a planted scene's does, would go on.
    """
    found, seconds = _chosen_child(cluster, draws), ITEM_TIMEOUT_S + draws.uniform(1.0, 4.0)
    if found is None or not sent(found[0], signal.SIGSTOP):
        return None
    return Strike(f"froze encoder {found[0].pid} of {found[1]}", frozenset({found[1]}), seconds)


def break_scratch(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """A file comes in the place of the folder that all workers have their scratch folders in, and all that was in it is gone."""
    folder, seconds = cluster.scratch, draws.uniform(0.5, 3.0)
    away = folder.with_name(f"away-{draws.randrange(10**9)}")
    if not folder.is_dir():
        return None
    try:
        folder.rename(away)
    except OSError:
        return None
    # A worker may have made a new folder meanwhile; then that is how it is.
    with contextlib.suppress(FileExistsError):
        folder.touch(exist_ok=False)
    shutil.rmtree(away, ignore_errors=True)

    def heal() -> None:
        # Children that lived on may have written once more.
        shutil.rmtree(away, ignore_errors=True)
        if folder.is_file():
            folder.unlink()

    return Strike(f"a file in place of the scratch folder for {seconds:.1f} s", frozenset(), seconds, heal)


def few_files(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """One worker, and what it starts, can open hardly any file or connection for a while, where we may limit others."""
    worker, seconds, more = chosen(cluster, draws), draws.uniform(2.0, 6.0), draws.choice(_FEW_FILES)
    if worker is None:
        return None
    try:
        # Ours, which it has inherited: its own may be lowered already.
        usual = psutil.Process().rlimit(psutil.RLIMIT_NOFILE)
        worker.process.rlimit(psutil.RLIMIT_NOFILE, (worker.process.num_fds() + more, usual[1]))
    except (psutil.Error, OSError):
        return None

    def lift() -> None:
        with contextlib.suppress(psutil.Error, OSError):
            worker.process.rlimit(psutil.RLIMIT_NOFILE, usual)

    name = worker.container_id
    return Strike(f"{name} may open {counted(more, 'more file')} for {seconds:.1f} s", frozenset({name}), seconds, lift)


def _chosen_child(cluster: ChaosCluster, draws: random.Random) -> tuple[psutil.Process, str] | None:
    """Draw one of the children that are at an item, of all workers, and its container; None where there is none."""
    children: list[tuple[psutil.Process, str]] = []
    for worker in cluster.workers():
        with contextlib.suppress(psutil.Error):
            # What a worker tries out for a moment has no limit that would end it once frozen, should the worker be killed.
            at_work = [child for child in worker.process.children(recursive=True) if "-version" not in child.cmdline()]
            children += [(child, worker.container_id) for child in at_work]
    return draws.choice(children) if children else None
