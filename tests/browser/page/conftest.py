"""A page in a process of its own, which tests may kill, and a headless Chromium that may do what a browser may."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page as Tab, sync_playwright

from sceneburst.local.embedded_redis import free_port
from sceneburst.page.entry.routes import offer_link
from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from tests.scenequeue.jobs import submit
from tests.support.waiting import wait_until


@dataclass
class Site:
    """The page's program."""

    environment: dict[str, str]
    url: str
    log: Path
    queue: SceneQueue
    program: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as log:
            self.program = subprocess.Popen(
                [sys.executable, "-P", "-m", "sceneburst.page"], env=self.environment, stdout=log, stderr=log
            )
        wait_until(self.answers, "the page answers")

    def answers(self) -> bool:
        """Return True if it lives."""
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As a crash does."""
        assert self.program is not None
        self.program.kill()
        self.program.wait()


@pytest.fixture
def site(queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Site]:
    """The page of a queue with dead letters, a paused lane, and no dispatcher."""
    submit(queue, "a", 3, labels={"shop": "north"})
    for lease in queue.worker.lease("c1", 2):
        missing = Reason("object_missing", {"uri": "s3://shop-media/in/a.mp3", "answer": "NoSuchKey"})
        queue.worker.fail("c1", lease, "ObjectNotFound", missing, transient=False)
    submit(queue, "b", 2, lane=Lane.BULK)
    queue.operator.pause(lane=Lane.BULK, by="ann@ops", why="disk full")
    port = free_port(0)
    settings = {"REDIS_URL": redis_url, "NAMESPACE": namespace, "PAGE_PORT": str(port)}
    environment = {**os.environ, **{f"SCENEBURST_{name}": value for name, value in settings.items()}}
    site = Site(environment, f"http://127.0.0.1:{port}", tmp_path / "page.log", queue)
    site.start()
    yield site
    site.kill()
    for job in queue.inspect.jobs():
        queue.producer.cancel(job.job_id)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A browser of somebody who has signed in; what its console says is kept."""

    context: BrowserContext
    site: Site
    said: list[str] = field(default_factory=list)

    def tab(self, path: str = "/") -> Tab:
        """Open a view, and wait until it is live."""
        tab = self.context.new_page()
        tab.on("console", lambda message: self.said.append(message.text) if message.type in {"error", "warning"} else None)
        tab.on("pageerror", lambda error: self.said.append(str(error)))
        tab.goto(f"{self.site.url}{path}")
        wait_live(tab)
        return tab


def wait_live(tab: Tab) -> None:
    """Wait until frames arrive."""
    until(tab, "!document.getElementById('live') || /\\d\\d:\\d\\d:\\d\\d/.test(live.textContent)")


def until(tab: Tab, expression: str) -> None:
    """Wait until an expression is true; Playwright's own way evaluates a text in the page, which the policy refuses."""
    wait_until(lambda: bool(tab.evaluate(expression)), expression)


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens browsers that are signed in; options are those of a context."""
    contexts = []

    def open_browser(**options: object) -> Visit:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        tab = context.new_page()
        tab.goto(offer_link(site.queue, site.url, "ann"))
        tab.close()
        return Visit(context, site)

    yield open_browser
    for context in contexts:
        context.close()
