"""Asks Sentinels for the primary of a service, and tells apart the reasons that they name none."""

from collections.abc import Mapping
from typing import Any

from redis.exceptions import AuthenticationError, ConnectionError as ConnectionLost, TimeoutError as TimedOut
from redis.sentinel import Sentinel

from scenequeue.quoted import shorten
from scenequeue.reasons import Code, Reason
from scenequeue.structure.no_primary import NoPrimary
from scenequeue.structure.redis_address import RedisAddress


class Sentinels(Sentinel):
    """The Sentinels of one address. Thread-safe.

    Args:
        address: names them.
        options: options of the connections to them.
    """

    def __init__(self, address: RedisAddress, options: Mapping[str, Any]) -> None:
        self._setting = address.setting
        super().__init__(list(address.hosts), sentinel_kwargs=dict(options))  # type: ignore[no-untyped-call]

    def discover_master(self, service_name: str) -> tuple[str, int]:
        """Return host and port of the primary, as the first Sentinel knows them that knows one that works.

        Raises:
            NoPrimary: none does.
        """
        failed: list[Exception] = []
        known: dict[str, Any] = {}
        for sentinel in list(self.sentinels):
            try:
                services: Any = sentinel.sentinel_masters()
            except (ConnectionLost, TimedOut) as error:
                failed.append(error)
                continue
            known |= services
            state = services.get(service_name)
            if state and self.check_master_state(state, service_name):  # type: ignore[no-untyped-call]
                # Asked first the next time.
                self.sentinels = [sentinel, *(each for each in self.sentinels if each is not sentinel)]
                return str(state["ip"]), int(state["port"])
        raise NoPrimary(_problem(service_name, failed, known, self._setting), is_login=_is_refused(failed))


def _is_refused(failed: list[Exception]) -> bool:
    return any(isinstance(error, AuthenticationError) for error in failed)


def _problem(service: str, failed: list[Exception], known: dict[str, Any], setting: str) -> Reason:
    if _is_refused(failed):
        return Reason(Code.SENTINELS_REFUSE)
    if service in known:
        return Reason(Code.PRIMARY_UNKNOWN)
    if known or not failed:
        names = shorten(", ".join(sorted(known)) or "none")
        return Reason(Code.SENTINEL_SERVICE_UNKNOWN, {"service": service, "known": names, "setting": setting})
    return Reason(Code.SENTINELS_UNANSWERED, {"problem": str(failed[-1]), "setting": setting})
