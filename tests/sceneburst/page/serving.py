"""A real page on a free port, and a client like a browser without JavaScript."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from sceneburst.page.entry.routes import offer_link
from sceneburst.page.server import PageServer
from sceneburst.web.page_settings import PageSettings


@dataclass(frozen=True)
class Page:
    """A served page and the means to look at it."""

    server: PageServer
    client: httpx.Client

    def text(self, path: str, **named: Any) -> str:
        """The HTML of a view."""
        response = self.client.get(path, **named)
        assert response.status_code == 200, response.text
        return response.text

    def act(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as the page's own script-free browser does."""
        headers = {"Origin": self.server.url, "Sec-Fetch-Site": "same-origin"}
        return self.client.post(path, data=fields, headers=headers)

    def frames(self, view: str, most: int, **query: str) -> Iterator[dict[str, Any]]:
        """The first frames of a live stream."""
        with self.client.stream("GET", "/live", params={"view": view, **query}) as response:
            assert response.status_code == 200, response.read()
            for line in response.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))
                    most -= 1
                    if not most:
                        return


@contextmanager
def serving(redis_url: str, namespace: str, *, is_signed_in: bool = True, **settings: Any) -> Iterator[Page]:
    """Serve until the block ends; leaving, with streams open, is part of every test."""
    server = PageServer(PageSettings.load(redis_url=redis_url, namespace=namespace, **{"page_port": 0, **settings}))
    thread = threading.Thread(target=server.serve_until_told)
    thread.start()
    try:
        with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
            if is_signed_in:
                assert client.get(offer_link(server.service.queue, server.url, "local")).status_code == 303
            yield Page(server, client)
    finally:
        server.leave()
        thread.join(60)
        assert not thread.is_alive()
