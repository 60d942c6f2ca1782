"""Posts signed webhooks about ended jobs, and retries until the receiver accepts them."""

import hashlib
import hmac
import json
import time
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import structlog

from dispatcher.codes import Code
from scenequeue.errors import SceneburstError, StorageUnavailable, reason_for, said_by
from scenequeue.jobs.job import JobStatus
from scenequeue.queue import SceneQueue
from scenequeue.storages.bounded_http import open_response, run_with_limit
from scenequeue.storages.public_network import Resolve, public_address

#: Time limit of one post in seconds, from name resolution to the last header of the answer.
POST_LIMIT_S = 10.0
#: For this long no other dispatcher posts a claimed notice; after a crash, the next one posts it then.
_CLAIM_S = 60.0
_MIN_RETRY_S, _MAX_RETRY_S = 5.0, 3600.0
_GIVE_UP_AFTER_S = 86_400.0
#: Maximum number of simultaneous posts; further due notices wait unclaimed, so that no claim expires before its post begins.
_THREADS = 8


def body_of(job: JobStatus) -> bytes:
    """Return the body to post: {"event": "job.ended", "job": {…}} with the job's id, state, counts, times and labels."""
    fields = job.model_dump(mode="json", include={"job_id", "state", "counts", "created_ms", "finished_ms", "labels", "lane"})
    return json.dumps({"event": "job.ended", "job": fields}, separators=(",", ":")).encode()


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the HMAC-SHA256 of "<timestamp>.<body>" in hexadecimal; receivers compare it, and reject old timestamps."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def retry_pause_s(since_end_s: float) -> float | None:
    """Return the pause after a failed post, which grows with the time since the job's end; None after a day: give up."""
    if since_end_s > _GIVE_UP_AFTER_S:
        return None
    return min(_MAX_RETRY_S, max(_MIN_RETRY_S, since_end_s / 2))


class WebhookSender:
    """Posts due notices in its own threads, so that a slow receiver does not delay the ticks.

    Args:
        queue: the queue with the notices.
        secret: key of the signature; None posts unsigned.
        resolve: returns the public address of a host and port, and refuses others.
        transport: httpx transport to use instead of the network's.
        limit_s: time limit of one post.
    """

    def __init__(
        self,
        queue: SceneQueue,
        secret: str | None,
        resolve: Resolve = public_address,
        transport: httpx.AsyncBaseTransport | None = None,
        limit_s: float = POST_LIMIT_S,
    ) -> None:
        self._queue, self._secret, self._resolve = queue, secret, resolve
        self._transport, self._limit_s = transport, limit_s
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="webhook")
        self._running: list[Future[bool]] = []
        #: Posts that were not accepted.
        self.failed = 0
        self._log = structlog.get_logger()

    def run(self) -> int:
        """Start to post the due notices; return their number."""
        ended = [delivery for delivery in self._running if delivery.done()]
        self.failed += sum(delivery.exception() is not None or not delivery.result() for delivery in ended)
        self._running = [delivery for delivery in self._running if delivery not in ended]
        free = _THREADS - len(self._running)
        due = self._queue.dispatcher.due_notices(free) if free else []
        for job in due:
            self._queue.dispatcher.claim_notice(job.job_id, _CLAIM_S, job.finished_ms)
            self._running.append(self._threads.submit(self._deliver, job))
        return len(due)

    def close(self) -> None:
        """Wait for the running posts; safe twice."""
        self._threads.shutdown(wait=True)

    def _deliver(self, job: JobStatus) -> bool:
        """Post one notice, and record the outcome; return True if it was accepted."""
        try:
            self._post(job)
        except (httpx.HTTPError, StorageUnavailable, OSError) as error:
            since_end_s = (self._queue.inspect.now_ms() - (job.finished_ms or 0)) / 1000
            pause_s = retry_pause_s(since_end_s)
            self._log.warning("webhook failed", job=job.job_id, error=error, retry_in_s=pause_s)
            self._queue.dispatcher.settle_notice(job.job_id, reason_for(said_by(error)), pause_s, job.finished_ms)
        except (SceneburstError, httpx.InvalidURL) as error:
            self._log.warning("webhook refused", job=job.job_id, error=error)
            self._queue.dispatcher.settle_notice(job.job_id, reason_for(said_by(error)), finished_ms=job.finished_ms)
        else:
            self._queue.dispatcher.settle_notice(job.job_id, finished_ms=job.finished_ms)
            return True
        return False

    def _post(self, job: JobStatus) -> None:
        body = body_of(job)
        timestamp = int(time.time())
        headers = {"Content-Type": "application/json", "X-Sceneburst-Timestamp": str(timestamp)}
        if self._secret:
            headers["X-Sceneburst-Signature"] = f"v1={signature(self._secret, timestamp, body)}"

        async def post() -> None:
            # Only the head of the response is read: its body may be of any size, and is not used.
            answer = open_response(
                "POST", job.callback_url or "", resolve=self._resolve, transport=self._transport, headers=headers, content=body
            )
            async with answer as response:
                if not response.is_success:
                    # Not httpx's message, which contains the URL: it may hold a secret of the caller.
                    raise StorageUnavailable(Code.RECEIVER_ANSWERED, status=response.status_code)

        try:
            run_with_limit(self._limit_s, post)
        except TimeoutError:
            raise StorageUnavailable(Code.RECEIVER_SILENT, limit_s=self._limit_s) from None
