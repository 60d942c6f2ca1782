"""Streams a job's events as server-sent events, resumable, and through outages of Redis."""

import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
import structlog
from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from sceneburst.http_api.codes import Code
from sceneburst.http_api.errors import FieldProblem, InvalidRequest, TooManyStreams
from sceneburst.http_api.service import Service
from sceneburst.http_api.views import Event, Job
from scenequeue.backoff import Backoff
from scenequeue.errors import InvalidValue, JobNotFound, QueueUnavailable
from scenequeue.jobs.ids import JobId, check_job_id
from scenequeue.jobs.job import JobEvent, JobState, JobStatus
from scenequeue.quoted import shorten
from scenequeue.reasons import Reason

#: Maximum time of one blocking read: within it, a stream notices that its client or the program is gone.
_MAX_READ_S = 1.0
_AT_ONCE = 500
_INITIAL_BACKOFF_S, _MAX_BACKOFF_S = 0.2, 5.0
#: Milliseconds that an EventSource should wait before it reconnects.
_RECONNECT_MS = 2000
#: The id of an event in a Redis stream; more digits do not fit into its 64 bits.
_EVENT_ID = re.compile(r"\d{1,15}(-\d{1,15})?")


async def open_stream(service: Service, job_id: str, last_seen: str | None) -> Response:
    """Answer a request for events: a stream, or 204 (which ends an EventSource) if no event will ever follow.

    Args:
        service: the API's service.
        job_id: the job.
        last_seen: the Last-Event-ID header; None for the oldest event.

    Raises:
        InvalidRequest: last_seen is no event id.
        JobNotFound, QueueUnavailable, TooManyStreams.
    """
    if last_seen is not None and not _EVENT_ID.fullmatch(last_seen):
        raise InvalidRequest(
            [FieldProblem("Last-Event-ID", Reason(Code.EVENT_ID_MALFORMED, {"event_id": shorten(last_seen)}), "header")]
        )
    if service.open_streams >= service.settings.api_streams:
        raise TooManyStreams(Code.EVENT_STREAMS_TAKEN, limit=service.settings.api_streams)
    service.open_streams += 1
    try:
        stream = _Follower(service, JobId(job_id), last_seen or "0")
        if await stream.is_over() and last_seen is not None:
            service.open_streams -= 1
            return Response(status_code=204)
    except BaseException:
        service.open_streams -= 1
        raise
    return _Stream(service, stream)


class _Stream(StreamingResponse):
    """A streaming response that frees its place at its end, even if it never began."""

    def __init__(self, service: Service, stream: "_Follower") -> None:
        super().__init__(stream.lines(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._service.open_streams -= 1


class _Follower:
    """Follows one job from an event on."""

    def __init__(self, service: Service, job_id: JobId, after: str) -> None:
        try:
            check_job_id(job_id)
        except InvalidValue as error:
            raise JobNotFound(error.reason) from None
        self._service, self._job_id, self._after = service, job_id, after
        self._port = service.producer.queue.producer
        self._said_at = time.monotonic()
        #: 0 until a read found no event, so that the events of an ended job are sent at once.
        self._pause_s = 0.0

    async def is_over(self) -> bool:
        """Return True if nothing has happened after the event, and nothing will."""
        return _has_ended(await self._service.call(self._status)) and not await self._service.call(self._present)

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield the stream's text: events, comments during silence, and at the job's end an `end` with its status."""
        yield f"retry: {_RECONNECT_MS}\n\n".encode()
        backoff = Backoff(_INITIAL_BACKOFF_S, _MAX_BACKOFF_S)
        while not self._service.stopping.is_set():
            try:
                status, events = await self._service.wait(self._read)
                backoff.reset()
            except QueueUnavailable as error:
                # An EventSource that gets a 503 gives up for good, so the stream is kept open through the outage.
                structlog.get_logger().warning("event stream waits for redis", job=self._job_id, error=error)
                yield self._comment("the queue does not answer; still trying")
                await anyio.sleep(backoff.next_s())
                continue
            except JobNotFound:
                yield self._comment("the job has expired")
                return
            for event in events:
                self._after = event.id
                yield self._event_text(event)
            if status is not None and _has_ended(status):
                yield _message("end", Job.of(status).model_dump(mode="json"), None)
                return
            if time.monotonic() - self._said_at >= self._service.settings.api_heartbeat_s:
                yield self._comment("still here")
        yield self._comment("the API leaves; connect again")

    def _read(self) -> tuple[JobStatus | None, list[JobEvent]]:
        """Return the events up to now or within a second; the status only without events, because the job may then have ended."""
        found = self._port.events(self._job_id, self._after, block_s=self._pause_s, count=_AT_ONCE)
        if found:
            self._pause_s = 0.0
            return None, found
        self._pause_s = min(_MAX_READ_S, self._service.settings.api_heartbeat_s)
        status = self._status()
        # An event may arrive between the two reads, and must be sent before the end.
        return (None, found) if (found := self._present()) else (status, [])

    def _present(self) -> list[JobEvent]:
        return self._port.events(self._job_id, self._after, count=_AT_ONCE)

    def _status(self) -> JobStatus:
        return self._port.status(self._job_id)

    def _event_text(self, event: JobEvent) -> bytes:
        self._said_at = time.monotonic()
        return _message(event.event, Event.of(event).model_dump(mode="json"), event.id)

    def _comment(self, text: str) -> bytes:
        self._said_at = time.monotonic()
        return f": {text}\n\n".encode()


def _message(name: str, data: dict[str, Any], event_id: str | None) -> bytes:
    """Format one event; JSON contains no raw line breaks, which would end it early."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (f"id: {event_id}\n" if event_id else "").encode() + f"event: {name}\ndata: {body}\n\n".encode()


def _has_ended(status: JobStatus) -> bool:
    # The last items of a cancelled job still run for a moment.
    return status.state is not JobState.ACTIVE and not status.counts.leased
