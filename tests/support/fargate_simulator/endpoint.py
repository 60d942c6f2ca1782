"""The HTTP side of the simulated ECS: the JSON 1.1 protocol of its API, and the containers' metadata endpoint."""

import json
import re
import socket
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

_TARGET = "AmazonEC2ContainerServiceV20141113."
_REGION = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/ecs/")


class Refused(Exception):
    """An error that the API answers with."""

    def __init__(self, code: str, message: str, status: int = 400, **more: Any) -> None:
        self.code, self.message, self.status, self.more = code, message, status, more
        super().__init__(message)


class LostAnswer(Exception):
    """The call had its effect; the connection breaks."""


class Service(Protocol):
    """The service behind the endpoint."""

    def answer(self, operation: str, region: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """One API call."""
        ...

    def metadata(self, task_id: str, what: str = "") -> dict[str, Any] | None:
        """Return a container's metadata; None for an unknown task."""
        ...


def handler_of(simulator: Service) -> type[BaseHTTPRequestHandler]:
    """The handler class of one simulator."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            operation = self.headers.get("X-Amz-Target", "").removeprefix(_TARGET)
            region = _REGION.search(self.headers.get("Authorization", ""))
            try:
                if region is None:
                    raise Refused("MissingAuthenticationToken", "not signed", 403)
                self._say(200, simulator.answer(operation, region[1], body))
            except Refused as refused:
                self._say(refused.status, {"__type": refused.code, "message": refused.message, **refused.more})
            except LostAnswer:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        def do_GET(self) -> None:
            _, version, task_id, what, *_ = [*self.path.split("/"), "", "", ""]
            about = simulator.metadata(task_id, what) if version == "v4" else None
            self._say(200 if about else 404, about or {})

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            about = simulator.metadata(self.path.split("/")[2], "task")
            # Protection is for tasks of a service; ours stand alone, as on ECS.
            self._say(200, {"failure": {"Arn": about["TaskARN"] if about else "", "Reason": "TASK_NOT_VALID"}})

        def _say(self, status: int, body: Mapping[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Nothing: tests read the counters."""

    return Handler
