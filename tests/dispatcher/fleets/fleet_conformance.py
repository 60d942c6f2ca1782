"""The promises of every fleet; a test module subclasses it and gives it a `fleet` fixture."""

from dispatcher.fleet import SIZES, Fleet, FleetContainer, LaunchRequest
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Reason
from tests.support.waiting import wait_until


def request_for(name: str, **environment: str) -> LaunchRequest:
    """A launch of a small container."""
    return LaunchRequest(ContainerId(name), SIZES[5], batch=1, environment=environment)


def launches(count: int) -> list[LaunchRequest]:
    """Requests for small containers."""
    return [request_for(f"c{number}") for number in range(count)]


def find(fleet: Fleet, name: str) -> FleetContainer | None:
    """The container as the fleet lists it."""
    return next((container for container in fleet.list() if container.container_id == name), None)


class FleetConformance:
    """Launch, list, stop."""

    def test_what_is_launched_is_listed_as_running(self, fleet: Fleet) -> None:
        """With its id, and a handle to stop it by."""
        (result,) = fleet.launch([request_for("a")])
        assert (result.container_id, result.error) == ("a", None)
        container = find(fleet, "a")
        assert container is not None
        assert container.is_running
        assert container.handle == result.handle

    def test_launching_one_id_twice_starts_one(self, fleet: Fleet) -> None:
        """The id is the idempotency token."""
        first, second = (fleet.launch([request_for("a")])[0] for _ in range(2))
        assert first.handle == second.handle
        assert len([container for container in fleet.list() if container.is_running]) == 1

    def test_a_stopped_container_ends_and_says_why(self, fleet: Fleet) -> None:
        """And stopping it again, or one that never was, is no error."""
        (result,) = fleet.launch([request_for("a")])
        fleet.stop(result.handle, Reason("because"))
        fleet.stop(result.handle, Reason("because"))
        ended = wait_until(lambda: (found := find(fleet, "a")) and not found.is_running and found, "it has ended")
        assert "because" in ended.stopped_reason.text
        fleet.stop(result.handle, Reason("again"))
        fleet.stop("never-was", Reason("nothing"))

    def test_one_refused_launch_does_not_hinder_the_others(self, fleet: Fleet) -> None:
        """One result per request, in order."""
        results = fleet.launch([request_for("a"), request_for("b"), request_for("c")])
        assert [result.container_id for result in results] == ["a", "b", "c"]
