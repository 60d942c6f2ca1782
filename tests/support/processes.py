"""Processes as tests look at them: one that ends meanwhile has ended."""

import psutil


def is_alive(process: psutil.Process | int) -> bool:
    """True if this process, or the one of this id, runs and is no zombie."""
    try:
        process = psutil.Process(process) if isinstance(process, int) else process
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
