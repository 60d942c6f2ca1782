"""Classifies the exception that ended an item."""

from dataclasses import dataclass

from container_worker.surroundings import SurroundingsBroken
from scenequeue.errors import DiskFull, ItemError, SettingsError
from scenequeue.redaction import redact
from scenequeue.storages.disk_errors import is_full


@dataclass(frozen=True)
class Failure:
    """One failed attempt, in the form that is reported."""

    #: Class name of the error.
    error: str
    message: str
    #: True if another attempt may succeed.
    transient: bool
    #: False for an exception that no kind raises on purpose; it is logged with its traceback.
    is_expected: bool = True
    #: True if the next item would fail in the same way in this container.
    is_disk_full: bool = False
    is_misconfigured: bool = False
    is_broken: bool = False


def classify(error: Exception) -> Failure:
    """Classify an exception; an unforeseen one counts as transient."""
    name = type(error).__name__
    if isinstance(error, DiskFull) or (isinstance(error, OSError) and is_full(error)):
        return Failure(DiskFull.__name__, str(error), transient=True, is_disk_full=True)
    if isinstance(error, ItemError):
        return Failure(name, str(error), error.transient)
    if isinstance(error, SettingsError):
        # Caused by the container, not by the item: another container may succeed.
        return Failure(name, f"this container is not set up: {error}", transient=True, is_misconfigured=True)
    if isinstance(error, SurroundingsBroken):
        return Failure(name, str(error), transient=True, is_broken=True)
    if isinstance(error, MemoryError):
        return Failure(name, "the worker itself ran out of memory", transient=True)
    return Failure(name, f"unexpected: {redact(str(error))}", transient=True, is_expected=False)
