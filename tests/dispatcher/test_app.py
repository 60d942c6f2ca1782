"""The dispatcher program when Redis breaks at the worst moment."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from scenequeue.queue import SceneQueue
from tests.waiting import wait_until

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


def _dispatcher(script: str, redis_url: str, namespace: str, folder: Path) -> "subprocess.Popen[bytes]":
    """The program, run by this script; what it says goes to `folder`/said."""
    environment = {
        **os.environ, "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace,
        "SCENEBURST_STATE_DIR": str(folder / "fleet"), "SCENEBURST_TICK_S": "0.3",
    }  # fmt: skip
    with (folder / "said").open("wb") as said:
        return subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=said)


def test_a_connection_that_breaks_while_it_comes_up_leaves_a_dispatcher_that_ticks_and_stops(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    """Else it would stand there for ever, its beat never started, and not even end when told to."""
    program = _dispatcher(_BREAKS_AT_START, redis_url, namespace, tmp_path)
    try:
        wait_until(queue.inspect.plan, "it has ticked", 30)
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=20) == 0
    finally:
        program.kill()
        program.wait()
    assert b"the first tick comes with the beat" in (tmp_path / "said").read_bytes()


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


def test_a_connection_that_breaks_between_a_tick_and_its_ack_leaves_a_dispatcher_that_ticks(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    """Celery counts that message as in work for ever, and by that took no other: dispatchers stood still, and none said so."""
    program = _dispatcher(_BREAKS_AT_AN_ACK, redis_url, namespace, tmp_path)
    try:
        said = tmp_path / "said"
        wait_until(lambda: said.read_bytes().count(b"Couldn't ack") == 4, "four acks have failed, a tick after the other", 30)
        last = queue.inspect.plan()
        wait_until(lambda: queue.inspect.plan() != last, "it ticks on", 20)
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=20) == 0
    finally:
        program.kill()
        program.wait()
