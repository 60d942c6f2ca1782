"""Asks ECS not to stop this container while it works, by task protection.

It affects containers of an ECS service, and delays the service's scale-in; for other tasks ECS answers with a failure,
which counts as a refusal. Source: AWS, "Amazon ECS task scale-in protection endpoint".
"""

import json
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import structlog

#: Duration of a protection; it is renewed at half of it, so a dead worker soon loses it.
EXPIRES_MINUTES = 60
_TIMEOUT_S = 2.0


class Protection:
    """Requests protection while the container holds leases. Never raises.

    Args:
        environment: contains ECS_AGENT_URI inside ECS; without it nothing is requested.
        clock: monotonic seconds.
    """

    def __init__(self, environment: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self._uri = environment.get("ECS_AGENT_URI", "")
        self._clock = clock
        self._is_on = False
        self._asked_at = 0.0
        self._log = structlog.get_logger()

    def follow(self, *, is_working: bool) -> None:
        """Request protection when work begins or goes on, and end it with the work."""
        is_stale = self._is_on and self._clock() - self._asked_at > EXPIRES_MINUTES * 60 / 2
        if not self._uri or (is_working == self._is_on and not is_stale):
            return
        # Imported inside ECS only: with its dependencies it takes 1.3 MB.
        from http.client import HTTPException

        try:
            refusal = self._ask(is_protected=is_working)
        except (OSError, ValueError, HTTPException) as error:
            # Repeated with the next heartbeat.
            self._log.debug("no answer about task protection", error=str(error))
            return
        if refusal:
            self._log.info("task protection refused", reason=refusal)
            self._uri = ""
        self._is_on, self._asked_at = is_working, self._clock()

    def _ask(self, *, is_protected: bool) -> str:
        """Return the reason that ECS refuses; "" if it agrees."""
        from http.client import HTTPConnection

        parts = urlsplit(self._uri)
        wish = {"ProtectionEnabled": True, "ExpiresInMinutes": EXPIRES_MINUTES} if is_protected else {"ProtectionEnabled": False}
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_TIMEOUT_S)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("PUT", f"{parts.path}/task-protection/v1/state", json.dumps(wish), headers)
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        failure = answer.get("failure") or answer.get("error") or {}
        return str(failure.get("Reason") or failure.get("Code") or failure.get("Message") or "") if failure else ""
