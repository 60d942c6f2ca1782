"""Classifies the exception that ended an item."""

from dataclasses import dataclass

from container_worker.codes import Code
from container_worker.surroundings import SurroundingsBroken
from scenequeue.errors import DiskFull, GrowthRefused, ItemError, SettingsError, reason_for, said_by
from scenequeue.reasons import Reason
from scenequeue.storages.disk_errors import is_full


@dataclass(frozen=True)
class Failure:
    """One failed attempt, in the form that is reported."""

    #: Class name of the error.
    error: str
    reason: Reason
    #: True if another attempt may succeed.
    transient: bool
    #: False for an exception that no kind raises on purpose; it is logged with its traceback.
    is_expected: bool = True
    #: True if the next item would fail in the same way in this container.
    is_disk_full: bool = False
    is_misconfigured: bool = False
    is_broken: bool = False

    @property
    def message(self) -> str:
        """The reason in words."""
        return self.reason.text


def classify(error: Exception) -> Failure:
    """Classify an exception; an unforeseen one counts as transient."""
    name = type(error).__name__
    if isinstance(error, DiskFull):
        return Failure(name, error.reason, transient=True, is_disk_full=True)
    if isinstance(error, OSError) and is_full(error):
        return Failure(DiskFull.__name__, reason_for(Code.DISK_FULL, problem=str(error)), transient=True, is_disk_full=True)
    if isinstance(error, ItemError | GrowthRefused):
        return Failure(name, error.reason, error.transient)
    if isinstance(error, SettingsError):
        # Caused by the container, not by the item: another container may succeed.
        return Failure(name, reason_for(Code.NOT_SET_UP, problem=error.reason), transient=True, is_misconfigured=True)
    if isinstance(error, SurroundingsBroken):
        return Failure(name, error.reason, transient=True, is_broken=True)
    if isinstance(error, MemoryError):
        return Failure(name, Reason(Code.WORKER_OUT_OF_MEMORY), transient=True)
    return Failure(name, reason_for(Code.UNEXPECTED, error=said_by(error)), transient=True, is_expected=False)
