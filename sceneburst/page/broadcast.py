"""Keeps open tabs up to date: one look a second for all who see the same, of which each is sent what has changed."""

import asyncio
import json
import threading
import time
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import structlog

from sceneburst.page.codes import Code
from sceneburst.page.rendering.renderer import Key, Renderer
from sceneburst.page.view import Query, View
from scenequeue.errors import SceneburstError
from scenequeue.reasons import Reason

#: Seconds between two looks.
_PERIOD_S = 1.0
#: Of its time, the task that looks may be at work for this share at most.
_MAX_SHARE = 0.25
_COMMENT_S = 15.0
#: Milliseconds that an EventSource should wait before it reconnects.
_RECONNECT_MS = 1500
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
Looking: TypeAlias = Callable[[View, Query], Awaitable[Mapping[str, Any]]]


@dataclass
class Channel:
    """A view as somebody sees it, with those who do."""

    viewers: int = 0
    #: Counts the looks.
    version: int = 0
    at_ms: int = 0
    #: Its sections, and the look at which each changed last.
    sections: dict[str, str] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    #: Why the last look failed, in the language of the view; "" if it did not.
    trouble: str = ""
    #: Made of the present version, by the version that the viewer has and whether it is compressed.
    frames: dict[tuple[int, bool], bytes] = field(default_factory=dict)

    def update(self, sections: Mapping[str, str], trouble: str) -> None:
        """Take over what a look has found; after one that failed, the sections stay."""
        self.version += 1
        self.at_ms = int(time.time() * 1000)
        self.trouble = trouble
        self.frames.clear()
        for name, html in sections.items():
            if self.sections.get(name) != html:
                self.sections[name], self.changed[name] = html, self.version

    def frame_since(self, seen: int, version: str, *, compressed: bool) -> bytes:
        """Return what has changed after a version, as an event."""
        key = (seen, compressed)
        if key not in self.frames:
            news = {name: html for name, html in self.sections.items() if self.changed[name] > seen}
            told = {"at": self.at_ms, "trouble": self.trouble, "version": version, "sections": news}
            body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
            self.frames[key] = packed(f"data: {body}\n\n", compressed=compressed)
        return self.frames[key]


class Broadcast:
    """All open streams.

    Args:
        renderer: renders what is looked at.
        views: all of them.
        look: reads what a view shows.
        stopping: ends all streams.
        max_viewers: maximum number of streams.
    """

    def __init__(
        self, renderer: Renderer, views: Sequence[View], look: Looking, stopping: threading.Event, *, max_viewers: int
    ) -> None:
        self._views = {view.name: view for view in views}
        self._renderer, self._look, self._stopping, self._max_viewers = renderer, look, stopping, max_viewers
        self._channels: dict[Key, Channel] = {}
        self._task: asyncio.Task[None] | None = None
        self._ticked = asyncio.Event()
        self._log = structlog.get_logger()

    @property
    def is_full(self) -> bool:
        """Return True if no further stream may be opened."""
        return sum(channel.viewers for channel in self._channels.values()) >= self._max_viewers

    async def follow(self, key: Key, *, compressed: bool) -> AsyncGenerator[bytes, None]:
        """Yield the stream of one viewer: everything at first, then once a second what has changed."""
        channel = self._channels.setdefault(key, Channel())
        channel.viewers += 1
        try:
            head = packed(f"retry: {_RECONNECT_MS}\n\n", compressed=compressed)
            yield (_GZIP_HEAD if compressed else b"") + head
            await self._refresh(key, channel)
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._run())
            seen, said_at = 0, time.monotonic()
            while not self._stopping.is_set():
                if channel.version > seen:
                    frame = channel.frame_since(seen, self._renderer.static.version, compressed=compressed)
                    seen, said_at = channel.version, time.monotonic()
                    yield frame
                elif time.monotonic() - said_at > _COMMENT_S:
                    said_at = time.monotonic()
                    yield packed(": still here\n\n", compressed=compressed)
                await self._ticked.wait()
        finally:
            channel.viewers -= 1
            if not channel.viewers:
                self._channels.pop(key, None)

    async def _run(self) -> None:
        """Look once a second for as long as there are viewers."""
        while self._channels and not self._stopping.is_set():
            began = time.monotonic()
            for key, channel in list(self._channels.items()):
                await self._refresh(key, channel)
            took_s = time.monotonic() - began
            ticked, self._ticked = self._ticked, asyncio.Event()
            ticked.set()
            await asyncio.sleep(max(_PERIOD_S - took_s, took_s * (1 / _MAX_SHARE - 1)))
        self._ticked.set()
        self._ticked = asyncio.Event()

    async def _refresh(self, key: Key, channel: Channel) -> None:
        """Look, and note what has changed; a failure is shown to the viewers, and ends nothing."""
        view, query = self._views[key.view], dict(key.query)
        try:
            looked = await self._look(view, query)
            channel.update(self._renderer.sections(view, query, key.language, key.role, looked), "")
        except SceneburstError as error:
            channel.update({}, self._renderer.reason(error.reason, key.language))
        except Exception:
            self._log.exception("a view cannot be shown", view=key.view)
            channel.update({}, self._renderer.reason(Reason(Code.PAGE_FAILED), key.language))


def packed(text: str, *, compressed: bool) -> bytes:
    """Return a part of a stream. Compressed parts do not refer to one another, so one is made for all viewers."""
    data = text.encode()
    if not compressed:
        return data
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
