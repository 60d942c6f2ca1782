"""Asks ECS not to stop this container while it works: task protection.

It counts for containers that belong to an ECS service, whose scale-in it holds off; ECS answers others with a failure,
which is taken as a no. Source: AWS, "Amazon ECS task scale-in protection endpoint".
"""

import json
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import structlog

#: How long ECS is asked to keep off; asked again before half of it is over, so a dead worker is protected no longer.
EXPIRES_MINUTES = 60
_TIMEOUT_S = 2.0


class Protection:
    """Follows whether the container holds leases. Never raises.

    Args:
        environment: has ECS_AGENT_URI inside ECS; without it nothing is asked.
        clock: monotonic seconds.
    """

    def __init__(self, environment: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self._uri = environment.get("ECS_AGENT_URI", "")
        self._clock = clock
        self._is_on = False
        self._asked_at = 0.0
        self._log = structlog.get_logger()

    def follow(self, *, is_working: bool) -> None:
        """Ask for protection when work begins or goes on, and give it back when it ends."""
        is_stale = self._is_on and self._clock() - self._asked_at > EXPIRES_MINUTES * 60 / 2
        if not self._uri or (is_working == self._is_on and not is_stale):
            return
        # Loaded inside ECS only: with what it needs it is 1.3 MB.
        from http.client import HTTPException

        try:
            refusal = self._ask(is_protected=is_working)
        except (OSError, ValueError, HTTPException) as error:
            # Asked again at the next beat.
            self._log.debug("task protection was not answered", error=str(error))
            return
        if refusal:
            self._log.info("no task protection here", reason=refusal)
            self._uri = ""
        self._is_on, self._asked_at = is_working, self._clock()

    def _ask(self, *, is_protected: bool) -> str:
        """Return the reason for which ECS says no; "" when it says yes."""
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
