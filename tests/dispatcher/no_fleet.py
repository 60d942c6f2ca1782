"""A fleet without containers."""

from dispatcher.fleet import FleetContainer, Hardware, LaunchRequest, LaunchResult
from scenequeue.errors import FleetError
from scenequeue.reasons import Reason


class NoFleet:
    """A fleet that only counts, or fails."""

    name = "none"
    hardware = Hardware()

    def __init__(self, *, is_blind: bool = False, crashes: bool = False) -> None:
        self.launched: list[str] = []
        self.stopped: list[str] = []
        self._is_blind, self._crashes = is_blind, crashes

    def launch(self, requests: list[LaunchRequest]) -> list[LaunchResult]:
        self.launched += [request.container_id for request in requests]
        if self._crashes:
            raise KeyboardInterrupt
        return [LaunchResult(request.container_id, handle="h") for request in requests]

    def list(self) -> list[FleetContainer]:
        if self._is_blind:
            raise FleetError("throttled")
        return [FleetContainer("h", name, is_running=True) for name in self.launched]  # type: ignore[arg-type]

    def stop(self, handle: str, reason: Reason) -> None:
        raise AssertionError(f"nothing is to be stopped: {handle} {reason}")
