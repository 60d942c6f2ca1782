"""Task protection against an agent's real HTTP endpoint."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from container_worker.task_protection import Protection


class Agent:
    """The metadata agent of an ECS container: remembers what it was asked, answers as told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: bytes = json.dumps({"protection": {"ProtectionEnabled": True}}).encode()
        agent = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                agent.asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(200)
                self.send_header("Content-Length", str(len(agent.answer)))
                self.end_headers()
                self.wfile.write(agent.answer)

            def log_message(self, *args: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.environment = {"ECS_AGENT_URI": f"http://127.0.0.1:{self.server.server_port}/api/0123"}


@pytest.fixture
def agent() -> Iterator[Agent]:
    agent = Agent()
    thread = threading.Thread(target=agent.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield agent
    agent.server.shutdown()
    thread.join()
    agent.server.server_close()


def test_protection_is_asked_for_with_the_first_item_and_given_back_after_the_last(agent: Agent) -> None:
    """Once each, however often the heart beats; and again before it runs out."""
    now = [0.0]
    protection = Protection(agent.environment, lambda: now[0])
    for is_working in (False, True, True, True, False, False):
        protection.follow(is_working=is_working)
    path = "/api/0123/task-protection/v1/state"
    on, off = {"ProtectionEnabled": True, "ExpiresInMinutes": 60}, {"ProtectionEnabled": False}
    assert agent.asked == [(path, on), (path, off)]
    protection.follow(is_working=True)
    now[0] = 31 * 60
    protection.follow(is_working=True)
    assert agent.asked[2:] == [(path, on)] * 2


def test_a_no_is_taken_for_good(agent: Agent) -> None:
    """A container that belongs to no service has nothing to be protected from."""
    agent.answer = json.dumps({"failure": {"Arn": "arn", "Reason": "TASK_NOT_VALID"}}).encode()
    protection = Protection(agent.environment)
    for is_working in (True, False, True):
        protection.follow(is_working=is_working)
    assert len(agent.asked) == 1


def test_an_answer_that_makes_no_sense_is_no_harm(agent: Agent) -> None:
    """Asked again at the next beat."""
    agent.answer = b"<html>"
    protection = Protection(agent.environment)
    protection.follow(is_working=True)
    agent.answer = b"{}"
    protection.follow(is_working=True)
    protection.follow(is_working=True)
    assert len(agent.asked) == 2


def test_outside_ecs_nobody_is_asked() -> None:
    """And an agent that is not there does not hurt."""
    Protection({}).follow(is_working=True)
    Protection({"ECS_AGENT_URI": "http://127.0.0.1:9/api"}).follow(is_working=True)
    Protection({"ECS_AGENT_URI": "http://127.0.0.1:99999/api"}).follow(is_working=True)
