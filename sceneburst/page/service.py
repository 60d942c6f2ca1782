"""Objects shared by all requests to the page: the queue, its templates, what was looked at last, and the live streams."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from fastapi import Request

from producer.client import Producer
from sceneburst.page.broadcast import Broadcast
from sceneburst.page.dead.bulk import BulkActs
from sceneburst.page.rendering.renderer import Renderer
from sceneburst.page.view import Query, View
from sceneburst.web.page_settings import PageSettings
from scenequeue.queue import SceneQueue

T = TypeVar("T")
#: Seconds for which what a view has read is shown to others who open it.
_LOOK_KEPT_S = 0.9
_MAX_KEPT_LOOKS = 64


class Service:
    """Shared state of all requests. Whatever talks to Redis runs in one of page_threads threads.

    Args:
        settings: settings of the page.
        views: all of them.
    """

    def __init__(self, settings: PageSettings, views: Sequence[View]) -> None:
        self.settings = settings
        #: Cancels jobs, and reads their results.
        self.producer = Producer(settings=settings)
        #: Set on shutdown: live streams end within a second.
        self.stopping = threading.Event()
        self.renderer = Renderer(views)
        self.broadcast = Broadcast(self.renderer, views, self.look, self.stopping, max_viewers=settings.page_streams)
        #: Acts on many dead letters at once.
        self.bulk = BulkActs()
        self._threads = anyio.CapacityLimiter(settings.page_threads)
        self._looks: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[float, Mapping[str, Any]]] = {}

    @property
    def queue(self) -> SceneQueue:
        """The queue: read by `queue.inspect`, changed by `queue.operator`."""
        return self.producer.queue

    async def call(self, work: Callable[[], T]) -> T:
        """Run a blocking call in one of the threads."""
        return await to_thread.run_sync(work, limiter=self._threads)

    async def look(self, view: View, query: Query) -> Mapping[str, Any]:
        """Return what a view shows, at most a second old."""
        key = (view.name, tuple(sorted(query.items())))
        at, found = self._looks.get(key, (0.0, {}))
        if time.monotonic() - at < _LOOK_KEPT_S:
            return found
        found = await self.call(lambda: self._look(view, query))
        now = time.monotonic()
        if len(self._looks) >= _MAX_KEPT_LOOKS:
            self._looks = {each: kept for each, kept in self._looks.items() if now - kept[0] < _LOOK_KEPT_S}
        self._looks[key] = (now, found)
        return found

    def _look(self, view: View, query: Query) -> Mapping[str, Any]:
        found = view.look(self.queue, query)
        return {**found, "bulk": self.bulk.shown(self.queue)} if view.shows_bulk else found

    def forget_looks(self) -> None:
        """Look anew at the next request, because something was changed."""
        self._looks.clear()

    def log_in(self) -> None:
        """Log in to Redis.

        Raises:
            QueueUnavailable, SettingsError.
        """
        self.queue.ping()

    def close(self) -> None:
        """Close all connections; safe twice."""
        self.bulk.close()
        self.producer.close()


def service_of(request: Request) -> Service:
    """Return the service of a request's application."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service
