"""The dispatcher program when Redis breaks at the worst moment."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.support.redis_servers import BINARIES, server
from tests.support.waiting import wait_until

#: The program as it is.
_RUNS = """
from dispatcher.app import run
from scenequeue.settings import DispatcherSettings
run(DispatcherSettings.load())
"""

#: The connection breaks while the first tick is sent, as the program comes up.
_BREAKS_AT_START = """
from celery import Celery
sent = Celery.send_task
def breaking(self, *arguments, **more):
    Celery.send_task = sent
    raise AttributeError("'NoneType' object has no attribute 'client'")
Celery.send_task = breaking
from dispatcher.app import run
from scenequeue.settings import DispatcherSettings
run(DispatcherSettings.load())
"""


def _dispatcher(script: str, redis_url: str, namespace: str, folder: Path, **more: str) -> "subprocess.Popen[bytes]":
    """The program, run by this script; what it says goes to `folder`/said."""
    environment = {
        **os.environ, "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace,
        "SCENEBURST_STATE_DIR": str(folder / "fleet"), "SCENEBURST_TICK_S": "0.3", **more,
    }  # fmt: skip
    with (folder / "said").open("wb") as said:
        return subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=said, stderr=said)


def test_a_connection_that_breaks_while_it_comes_up_leaves_a_dispatcher_that_ticks_and_stops(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    """Else it would stand there for ever, its beat never started, and not even end when told to."""
    program = _dispatcher(_BREAKS_AT_START, redis_url, namespace, tmp_path)
    try:
        wait_until(queue.inspect.plan, "it has ticked")
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
    finally:
        program.kill()
        program.wait()
    assert b"first tick not sent; beat sends the next one" in (tmp_path / "said").read_bytes()


#: Redis goes away between a tick's message and the word that it has arrived; as often as Celery takes messages unacknowledged.
_BREAKS_AT_AN_ACK = """
import redis
from kombu.transport.redis import QoS
acks, ack = [], QoS.ack
def breaking(self, tag):
    acks.append(tag)
    if 3 <= len(acks) <= 6:
        raise redis.exceptions.ConnectionError("Connection closed by server.")
    ack(self, tag)
QoS.ack = breaking
from dispatcher.app import run
from scenequeue.settings import DispatcherSettings
run(DispatcherSettings.load())
"""


def test_a_broker_that_breaks_between_a_tick_and_its_ack_leaves_a_dispatcher_that_ticks(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    """Celery counts that message as in work for ever, and by that took no other: dispatchers stood still, and none said so."""
    broker_url = redis_url.replace("unix://", "redis+socket://") + "?virtual_host=1"
    program = _dispatcher(_BREAKS_AT_AN_ACK, redis_url, namespace, tmp_path, SCENEBURST_BROKER_URL=broker_url)
    try:
        said = tmp_path / "said"
        wait_until(lambda: said.read_bytes().count(b"Couldn't ack") == 4, "four acks have failed, a tick after the other")
        last = queue.inspect.plan()
        wait_until(lambda: queue.inspect.plan() != last, "it ticks on")
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
    finally:
        program.kill()
        program.wait()


@pytest.mark.parametrize("is_in_redis", [False, True], ids=["messages in memory", "messages in Redis"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_dispatcher_that_is_told_to_leave_says_nothing_but_its_log(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path, number: signal.Signals, is_in_redis: bool
) -> None:
    """Told twice, as the impatient do: it ends with 0, and every line is of the log, as what reads it expects."""
    broker_url = redis_url.replace("unix://", "redis+socket://") + "?virtual_host=1"
    more = {"SCENEBURST_BROKER_URL": broker_url} if is_in_redis else {}
    more |= {"SCENEBURST_LOG_FORMAT": "json", "SCENEBURST_TICK_S": "2"}
    program = _dispatcher(_RUNS, redis_url, namespace, tmp_path, **more)
    try:
        wait_until(queue.inspect.plan, "it has ticked")
        program.send_signal(number)
        program.send_signal(number)
        assert program.wait(timeout=60) == 0
    finally:
        program.kill()
        program.wait()
    said = (tmp_path / "said").read_text().splitlines()
    assert said
    assert [line for line in said if not line.startswith("{")] == []


#: Celery's worker ends by itself, as after an error that it takes for unrecoverable.
_GIVES_UP = """
from celery.worker.consumer import Consumer
def breaking(self):
    raise RuntimeError("unrecoverable")
Consumer.start = breaking
from dispatcher.app import run
from scenequeue.settings import DispatcherSettings
run(DispatcherSettings.load())
"""


def test_a_dispatcher_that_gives_up_does_not_end_with_0(redis_url: str, namespace: str, tmp_path: Path) -> None:
    """Whoever supervises it starts it again; until now it looked like a stop that was asked for."""
    program = _dispatcher(_GIVES_UP, redis_url, namespace, tmp_path)
    assert program.wait(timeout=60) == 1
    assert b"dispatcher ended without a signal" in (tmp_path / "said").read_bytes()


@pytest.mark.parametrize("binary", [binary for binary in BINARIES.values() if binary], ids=lambda path: Path(path).parent.name)
def test_dispatchers_sit_out_a_demotion_and_go_on_when_the_name_leads_to_a_primary(
    namespace: str, tmp_path: Path, binary: str
) -> None:
    """Acting or standing by, whatever Redis refuses meanwhile; nothing of Celery's lies in it."""
    with server(binary) as redis_server:
        queue = SceneQueue(SceneburstSettings.load(redis_url=redis_server.url, namespace=namespace))
        programs = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            programs.append(_dispatcher(_RUNS, redis_server.url, namespace, tmp_path / name, SCENEBURST_LOG_FORMAT="json"))
        try:
            wait_until(queue.inspect.plan, "one acts")
            redis_server.admin.execute_command("REPLICAOF", "127.0.0.1", "1")
            for name in ("one", "two"):
                wait_until(lambda n=name: b"tick skipped" in (tmp_path / n / "said").read_bytes(), "both are refused")
            assert [program.poll() for program in programs] == [None, None]
            redis_server.admin.execute_command("REPLICAOF", "NO", "ONE")
            seen_ms = queue.inspect.now_ms()
            wait_until(lambda: (queue.inspect.plan() or {}).get("at_ms", 0) > seen_ms, "one acts again")
            assert redis_server.admin.keys("*celery*") == []
            for program in programs:
                program.send_signal(signal.SIGTERM)
            assert [program.wait(timeout=60) for program in programs] == [0, 0]
        finally:
            for program in programs:
                program.kill()
                program.wait()
            queue.close()
