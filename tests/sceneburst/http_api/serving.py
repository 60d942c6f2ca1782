"""A real HTTP API on a free port, and a client with a key."""

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sceneburst.access.secrets import fresh_key, hash_of
from sceneburst.http_api.server import ApiServer
from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.settings import ApiSettings
from tests.support.reason_shapes import check_reasons


@dataclass(frozen=True)
class Api:
    """A served API and the means to call it."""

    server: ApiServer
    key: str
    client: httpx.Client

    def submit(self, body: Any, **named: Any) -> httpx.Response:
        """POST a body as JSON."""
        return self.client.post("/v1/jobs", json=body, **named)

    def send(self, body: bytes) -> httpx.Response:
        """POST bytes that claim to be JSON."""
        return self.client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})

    def events(
        self, job_id: str, after: str | None = None, most: int = 1000, seen: list[dict[str, Any]] | None = None
    ) -> tuple[int, list[dict[str, Any]]]:
        """The status, and events with their ids, until the stream ends or `most` have come; `seen` has them as they come."""
        headers = {"Last-Event-ID": after} if after else {}
        found = [] if seen is None else seen
        with self.client.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as response:
            event: dict[str, Any] = {}
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                if name in {"id", "event"}:
                    event[name] = value
                elif name == "data":
                    event["data"] = json.loads(value)
                elif not line and event:
                    found.append(event)
                    event = {}
                    if len(found) == most:
                        break
            return response.status_code, found


@contextmanager
def serving(redis_url: str, namespace: str, **settings: Any) -> Iterator[Api]:
    """Serve until the block ends; leaving is part of every test."""
    key = fresh_key()
    named = {"api_keys": {"shop": hash_of(key)}, "api_port": 0, "api_requests_per_s": 10_000, "api_burst": 10_000, **settings}
    server = ApiServer(ApiSettings.load(redis_url=redis_url, namespace=namespace, **named))
    thread = threading.Thread(target=server.serve_until_told)
    thread.start()
    try:
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False) as client:
            yield Api(server, key, client)
    finally:
        server.leave()
        thread.join(60)
        assert not thread.is_alive()


def scene(name: str, **more: Any) -> dict[str, Any]:
    """A scene whose inputs are addresses."""
    return {"name": name, "image": "s3://bucket/in/a.jpg", "audio": "s3://bucket/in/a.mp3", **more}


def job(*names: str, **more: Any) -> dict[str, Any]:
    """A submission."""
    return {"scenes": [scene(name) for name in names], "output": "s3://bucket/out", **more}


def check_problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document, after making sure that it is one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == f"urn:sceneburst:problem:{slug}", problem
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["advice"]
    assert problem["instance"].startswith("/")
    check_reasons(problem)
    assert problem["code"]
    assert all(each["code"] and each["in"] in {"body", "query", "header"} for each in problem.get("errors", ()))
    return problem


@contextmanager
def own_redis() -> Iterator[EmbeddedRedis]:
    """A durable Redis that a test may kill."""
    with tempfile.TemporaryDirectory(prefix="sb-") as folder, EmbeddedRedis(Path(folder), is_durable=True) as server:
        yield server
