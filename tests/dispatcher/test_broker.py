"""The address of Celery's broker: a malformed one is refused at the dispatcher's start, and not taken for the name of a host."""

import os
import subprocess
import sys

import pytest

from dispatcher.broker import check_broker
from scenequeue.errors import SettingsError
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings


@pytest.mark.parametrize(
    "url",
    [
        "memory://localhost/", "redis://host:6379/1", "redis+socket:///run/redis.sock?virtual_host=1", "rediss://:p@host/0",
        "amqp://user:password@host//", "sentinel://a:26379;sentinel://b:26379",
    ],
)  # fmt: skip
def test_an_address_that_celery_reads_is_accepted(url: str) -> None:
    """Also of a broker that does not answer."""
    check_broker(DispatcherSettings.load(broker_url=url))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "broker_transport_missing"),
        ("memory", "broker_transport_missing"),
        ("redis//host", "broker_transport_missing"),
        ("http://host", "broker_transport_unknown"),
        ("rdis://:secret-word@host", "broker_transport_unknown"),
        ("redis://host:port/0", "url_malformed"),
        ("redis://me:secret-word@host:99999/0", "url_malformed"),
        ("redis://[::1", "url_malformed"),
    ],
)
def test_a_malformed_address_is_refused_with_its_reason(url: str, code: str) -> None:
    """And without its password."""
    with pytest.raises(SettingsError) as refused:
        check_broker(DispatcherSettings.load(broker_url=url))
    reason = refused.value.reason
    assert (reason.code, reason.parameters["setting"]) == ("not_broker_url", "SCENEBURST_BROKER_URL")
    problem = reason.parameters["problem"]
    assert isinstance(problem, Reason)
    assert problem.code == code
    assert "secret-word" not in str(refused.value)


def test_a_dispatcher_with_a_malformed_broker_ends_at_its_start() -> None:
    """In one line, with the code of a wrong setting."""
    environment = {**os.environ, "SCENEBURST_BROKER_URL": "redis//host", "SCENEBURST_REDIS_URL": "redis://127.0.0.1:1/0"}
    argv = [sys.executable, "-m", "dispatcher"]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("sceneburst dispatcher: SCENEBURST_BROKER_URL: 'redis//host' is not an address of Celery's broker")
