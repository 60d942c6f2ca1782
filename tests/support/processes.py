"""Checks on processes that may end at any moment."""

import psutil


def is_alive(process: psutil.Process | int) -> bool:
    """Return True if the process runs and is no zombie."""
    try:
        process = psutil.Process(process) if isinstance(process, int) else process
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
