"""The operators' page as a program: the state of a Sceneburst in a browser, served by uvicorn."""

import contextlib
import sys

from sceneburst.access.origin import is_loopback
from sceneburst.page.app import make_app
from sceneburst.page.entry.routes import offer_link
from sceneburst.page.guard import PageGuard
from sceneburst.page.service import Service
from sceneburst.page.views.registry import VIEWS
from sceneburst.web.page_settings import PageSettings
from sceneburst.web.server import Listening, WebServer, run_program
from sceneburst.words import use_words
from scenequeue.errors import QueueUnavailable, SettingsError
from scenequeue.logs import configure


class PageServer(WebServer):
    """The page on its socket; live streams end when it is asked to stop."""

    def __init__(self, settings: PageSettings) -> None:
        self.service = Service(settings, VIEWS)
        at = Listening(
            settings.page_host,
            settings.page_port,
            host_setting=settings.name_of("page_host"),
            port_setting=settings.name_of("page_port"),
            connections=settings.page_connections,
            head_s=settings.page_head_s,
            grace_s=settings.page_grace_s,
        )
        super().__init__(PageGuard(make_app(self.service), settings.page_media_origins), self.service, at)


def run(settings: PageSettings, operator: str = "") -> None:
    """Run the program until it is stopped; it ends within the grace period, even if Redis hangs. Main thread only.

    Args:
        settings: of the page.
        operator: the one who runs it, for whom an address is printed that signs in once, if only this machine reaches the page.

    Raises:
        SettingsError: the address cannot be listened on, or Redis refuses the login.
    """
    configure(settings, "page")
    use_words()
    server = PageServer(settings)
    if operator and is_loopback(settings.page_host):
        with contextlib.suppress(QueueUnavailable):
            print(offer_link(server.service.queue, server.url, operator), flush=True)
    run_program(server, begins="page listens", ends="page leaves", facts={"redis": server.service.queue.url})


def main() -> int:
    """Run the page (`python -m sceneburst.page`) with settings from the environment."""
    try:
        run(PageSettings.load())
    except SettingsError as error:
        sys.stderr.writelines(f"sceneburst page: {line}\n" for line in error.lines)
        return 2
    return 0
