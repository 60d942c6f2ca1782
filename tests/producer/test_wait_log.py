"""The log of a wait names each reason once."""

import logging

import pytest

from producer.wait_log import WaitLog
from scenequeue.jobs.ids import JobId
from scenequeue.reasons import Reason


def test_what_takes_long_becomes_a_warning_and_what_needs_somebody_is_one_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """Each once until it changes."""
    now = [0.0]
    log = WaitLog(JobId("a"), lambda: now[0])
    busy, paused = Reason("busy", {"containers": 2}), Reason("paused")
    with caplog.at_level(logging.INFO, "sceneburst"):
        for now[0], reason in (
            (0, busy), (30, busy), (61, busy), (62, busy), (63, None), (64, paused), (65, paused), (66, busy), (67, paused),
        ):  # fmt: skip
            log.log_reason(reason)
    assert [(record.levelname, record.getMessage().split(": ")[1][:12]) for record in caplog.records] == [
        ("INFO", "2 containers"),
        ("WARNING", "2 containers"),
        ("WARNING", "the queue is"),
        ("INFO", "2 containers"),
        ("WARNING", "the queue is"),
    ]


def test_an_outage_is_told_once_and_the_reason_again_after_it(caplog: pytest.LogCaptureFixture) -> None:
    """The queue does not answer for a while."""
    log = WaitLog(JobId("a"))
    log.log_reason(Reason("paused"))
    for _ in range(3):
        log.log_unreachable(OSError("gone"))
    log.log_reason(Reason("paused"))
    assert [record.getMessage().startswith("job a waits") for record in caplog.records] == [True, False, True]
