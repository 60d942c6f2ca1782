"""Consequences of an exception for its item."""

import errno

import pytest

from container_worker.failures import classify
from scenequeue.errors import BadInput, DiskFull, ObjectNotFound, SettingsError, StorageUnavailable, ToolFailed


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (BadInput("not a picture"), False),
        (ObjectNotFound("gone"), False),
        (ToolFailed("code 1"), True),
        (StorageUnavailable("503"), True),
        (MemoryError(), True),
        (ValueError("a bug"), True),
        (OSError(errno.EIO, "bad disk"), True),
    ],
)
def test_errors_that_cannot_pass_are_told_from_those_that_may(error: Exception, transient: bool) -> None:
    """By class alone, never by message."""
    failure = classify(error)
    assert failure.transient is transient
    assert failure.error == type(error).__name__
    assert not failure.is_disk_full
    assert not failure.is_misconfigured


@pytest.mark.parametrize("error", [DiskFull("full"), OSError(errno.ENOSPC, "no space"), OSError(errno.EDQUOT, "quota")])
def test_a_full_disk_is_known_in_every_guise(error: Exception) -> None:
    """The item may pass elsewhere, the container is to leave."""
    failure = classify(error)
    assert (failure.error, failure.transient, failure.is_disk_full) == ("DiskFull", True, True)


def test_only_the_unforeseen_is_worth_a_traceback() -> None:
    """And says so in its message."""
    assert not classify(KeyError("x")).is_expected
    assert classify(KeyError("x")).message.startswith("unexpected: ")
    assert classify(BadInput("x")).is_expected


def test_a_wrong_setting_is_the_containers_fault_and_not_the_items() -> None:
    """Elsewhere the item may pass; here the next would end in the same way."""
    failure = classify(SettingsError("no ffmpeg"))
    assert (failure.transient, failure.is_misconfigured) == (True, True)
