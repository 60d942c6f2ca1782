"""DockerFleet against an engine that answers as Docker's API documents, and as Podman does where it differs."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from dispatcher.fleets.docker.fleet import ENDED_TTL_S, STOP_GRACE_S, DockerFleet
from dispatcher.fleets.settings import DockerSettings
from scenequeue.errors import FleetError, FleetMisconfigured
from scenequeue.reasons import Reason
from tests.dispatcher.fleets.fleet_conformance import FleetConformance, find, request_for


class Engine:
    """Containers in memory, and the API in front of them. Source: Docker Engine API v1.43."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.containers: dict[str, dict[str, Any]] = {}
        #: (container, signal) in order.
        self.signals: list[tuple[str, str]] = []
        self.calls: list[str] = []
        self.images = {"films:1"}
        self.is_down = False
        self.is_podman = False
        self.obeys = True

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One call."""
        self.calls.append(f"{request.method} {request.url.path}")
        if self.is_down:
            raise httpx.ConnectError("No such file or directory")
        path = request.url.path.split("/")[1:]
        if path == ["containers", "create"]:
            return self._create(request.url.params["name"], json.loads(request.content))
        if path == ["containers", "json"]:
            return self._list(json.loads(request.url.params["filters"]))
        found = next((each for each in self.containers.values() if path[1] in {each["Id"], each["Name"]}), None)
        if found is None:
            return _error(404, f"No such container: {path[1]}")
        if request.method == "DELETE":
            del self.containers[found["Id"]]
            return httpx.Response(204)
        return {"start": self._start, "kill": self._kill, "json": self._inspect}[path[2]](found, request)

    def _create(self, name: str, body: dict[str, Any]) -> httpx.Response:
        if body["Image"] not in self.images:
            return _error(404, f"No such image: {body['Image']}")
        if any(each["Name"] == name for each in self.containers.values()):
            # Podman words it as an error of its own.
            return _error(500 if self.is_podman else 409, f'the container name "/{name}" is already in use')
        handle = f"id{len(self.containers)}"
        state = {"Status": "created", "Running": False, "FinishedAt": "0001-01-01T00:00:00Z", "ExitCode": 0, "OOMKilled": False}
        self.containers[handle] = {"Id": handle, "Name": name, "Body": body, "State": state, "Created": self.now}
        return httpx.Response(201, json={"Id": handle, "Warnings": []})

    def _start(self, found: dict[str, Any], _request: httpx.Request) -> httpx.Response:
        if found["State"]["Running"]:
            return httpx.Response(304)
        found["State"] |= {"Status": "running", "Running": True}
        return httpx.Response(204)

    def _kill(self, found: dict[str, Any], request: httpx.Request) -> httpx.Response:
        if not found["State"]["Running"]:
            return _error(500 if self.is_podman else 409, f"container {found['Id']} is not running")
        number = request.url.params["signal"]
        self.signals.append((found["Id"], number))
        if self.obeys or number == "SIGKILL":
            self.end(found["Id"], 137 if number == "SIGKILL" else 10)
        return httpx.Response(204)

    def end(self, handle: str, code: int, **more: Any) -> None:
        """The container's program ends now."""
        moment = datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
        self.containers[handle]["State"] |= {"Status": "exited", "Running": False, "FinishedAt": moment, "ExitCode": code, **more}

    def _inspect(self, found: dict[str, Any], _request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"Id": found["Id"], "Name": f"/{found['Name']}", "State": found["State"]})

    def _list(self, filters: dict[str, list[str]]) -> httpx.Response:
        name, _, value = filters["label"][0].partition("=")
        listed = [
            {"Id": each["Id"], "Created": int(each["Created"]), "State": each["State"]["Status"], "Labels": labels}
            for each in self.containers.values()
            if (labels := each["Body"]["Labels"])[name] == value
        ]
        return httpx.Response(200, json=listed)


def _error(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"message": message})


@pytest.fixture
def engine() -> Engine:
    """An empty engine that has one image."""
    return Engine()


@pytest.fixture
def fleet(engine: Engine) -> Iterator[DockerFleet]:
    """A fleet on it, by its clock."""
    settings = DockerSettings.load(namespace="films", docker_image="films:1")
    fleet = DockerFleet(settings, httpx.MockTransport(engine.answer), lambda: engine.now)
    yield fleet
    fleet.close()


class TestDockerFleet(FleetConformance):
    """The suite that every fleet passes."""


class TestDockerFleetOnPodman(FleetConformance):
    """The same where a conflict is told as an error of the server."""

    @pytest.fixture
    def engine(self) -> Engine:
        engine = Engine()
        engine.is_podman = True
        return engine


# -- launch


@pytest.mark.parametrize("is_podman", [False, True])
def test_a_name_that_is_taken_is_the_container_that_was_made_before(engine: Engine, fleet: DockerFleet, is_podman: bool) -> None:
    """A dispatcher that died between the two calls leaves one that was never started."""
    engine.is_podman = is_podman
    (made,) = fleet.launch([request_for("a")])
    engine.containers[made.handle]["State"] |= {"Status": "created", "Running": False}
    (again,) = fleet.launch([request_for("a")])
    assert (again.handle, again.error) == (made.handle, None)
    assert engine.containers[made.handle]["State"]["Running"]
    assert len(engine.containers) == 1


def test_an_image_that_is_not_there_is_said_and_not_tried_for_ever(engine: Engine, fleet: DockerFleet) -> None:
    """It takes somebody to build or fetch it."""
    engine.images.clear()
    (result,) = fleet.launch([request_for("a")])
    assert "No such image: films:1" in result.error.text
    assert not result.transient


def test_an_engine_that_is_down_is_tried_again(engine: Engine, fleet: DockerFleet) -> None:
    """Each launch says so for itself; a list raises."""
    engine.is_down = True
    first, second = fleet.launch([request_for("a"), request_for("b")])
    assert first.transient
    assert second.transient
    assert "SCENEBURST_DOCKER_SOCKET" in first.error.text
    with pytest.raises(FleetError, match="no container engine answers"):
        fleet.list()


def test_what_was_made_and_never_started_is_removed_after_a_while(engine: Engine, fleet: DockerFleet) -> None:
    """It is not listed: there is nothing to stop, and its launch will be tried again under the same name."""
    (made,) = fleet.launch([request_for("a")])
    engine.containers[made.handle]["State"] |= {"Status": "created", "Running": False}
    assert fleet.list() == []
    assert engine.containers
    engine.now += ENDED_TTL_S + 1
    assert fleet.list() == []
    assert not engine.containers


# -- stop


def test_a_stop_while_the_engine_is_down_is_sent_at_the_next(engine: Engine, fleet: DockerFleet) -> None:
    """The signal was not sent, so the container was not asked; no SIGKILL follows a SIGTERM that never was."""
    (made,) = fleet.launch([request_for("a")])
    engine.obeys = False
    engine.is_down = True
    with pytest.raises(FleetError):
        fleet.stop(made.handle, Reason("idle"))
    engine.is_down = False
    engine.now += STOP_GRACE_S + 1
    fleet.list()
    assert engine.signals == []
    fleet.stop(made.handle, Reason("idle"))
    assert engine.signals == [(made.handle, "SIGTERM")]
    engine.now += STOP_GRACE_S - 1
    fleet.list()
    assert engine.signals == [(made.handle, "SIGTERM")]


def test_what_outlasts_its_grace_is_killed(engine: Engine, fleet: DockerFleet) -> None:
    """By the look after it, once; a second stop does not begin the grace anew."""
    (made,) = fleet.launch([request_for("a")])
    engine.obeys = False
    fleet.stop(made.handle, Reason("hangs"))
    engine.now += STOP_GRACE_S - 1
    fleet.stop(made.handle, Reason("hangs still"))
    assert engine.signals == [(made.handle, "SIGTERM")]
    engine.now += 2
    fleet.list()
    assert engine.signals == [(made.handle, "SIGTERM"), (made.handle, "SIGKILL")]
    ended = find(fleet, "a")
    assert ended is not None
    assert (ended.is_running, ended.exit_code, ended.stopped_reason.text) == (False, 137, "hangs")


@pytest.mark.parametrize("is_podman", [False, True])
def test_one_that_ended_by_itself_keeps_its_own_reason(engine: Engine, fleet: DockerFleet, is_podman: bool) -> None:
    """A stop that comes too late is a success, and no cause."""
    engine.is_podman = is_podman
    (made,) = fleet.launch([request_for("a")])
    engine.end(made.handle, 137, OOMKilled=True)
    fleet.stop(made.handle, Reason("too late"))
    ended = find(fleet, "a")
    assert ended is not None
    assert ended.stopped_reason.text == "out of memory"


def test_podmans_error_for_one_that_still_runs_is_an_error(engine: Engine, fleet: DockerFleet) -> None:
    """It is not taken for one that has ended."""
    (made,) = fleet.launch([request_for("a")])
    answer = engine.answer

    def refuse(request: httpx.Request) -> httpx.Response:
        return _error(500, "runc is broken") if request.url.path.endswith("/kill") else answer(request)

    broken = DockerFleet(DockerSettings.load(namespace="films", docker_image="films:1"), httpx.MockTransport(refuse))
    with pytest.raises(FleetError, match="does not stop id0: runc is broken"):
        broken.stop(made.handle, Reason("enough"))


def test_what_has_ended_is_removed_with_its_volumes_after_two_minutes(engine: Engine, fleet: DockerFleet) -> None:
    """Until then it tells how it ended."""
    (made,) = fleet.launch([request_for("a")])
    engine.end(made.handle, 0)
    assert [each.exit_code for each in fleet.list()] == [0]
    engine.now += ENDED_TTL_S + 1
    assert fleet.list() == []
    assert not engine.containers


def test_another_namespaces_containers_are_not_ours(engine: Engine, fleet: DockerFleet) -> None:
    """Neither listed nor stopped with all of ours."""
    other = DockerFleet(
        DockerSettings.load(namespace="others", docker_image="films:1"), httpx.MockTransport(engine.answer), lambda: engine.now
    )
    other.launch([request_for("a")])
    assert fleet.list() == []
    fleet.stop_all(Reason("the end"), grace_s=0)
    assert [each.is_running for each in other.list()] == [True]


def test_a_refusal_that_stays_is_named_as_a_mistake(engine: Engine) -> None:
    """Such as an engine that does not know the call."""
    fleet = DockerFleet(
        DockerSettings.load(namespace="films", docker_image="films:1"),
        httpx.MockTransport(lambda _request: _error(400, "client version 1.12 is too old")),
    )
    with pytest.raises(FleetMisconfigured, match="too old"):
        fleet.list()


# -- labels


def test_a_container_is_found_again_by_its_labels(engine: Engine, fleet: DockerFleet) -> None:
    """Its namespace's, and its own id's; the name has both too."""
    fleet.launch([request_for("a")])
    (made,) = engine.containers.values()
    assert made["Name"] == "sceneburst-films-a"
    assert made["Body"]["Labels"] == {"sceneburst.namespace": "films", "sceneburst.container": "a"}
    assert made["Body"]["StopTimeout"] == STOP_GRACE_S
