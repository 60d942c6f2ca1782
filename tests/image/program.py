"""Runs one program in the image as the fleet would, and reads what it says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dispatcher.fleet import SIZES, LaunchRequest
from dispatcher.fleets.docker.fleet import DockerFleet, container_body
from scenequeue.jobs.ids import ContainerId
from tests.support.waiting import wait_until


def output_of(fleet: DockerFleet, image: str, argv: list[str]) -> str:
    """Both streams of a program that must end well, under the fleet's own limits."""
    body = container_body(LaunchRequest(ContainerId("program"), SIZES[1], batch=1), fleet._settings)
    body |= {"Image": image, "Entrypoint": argv[:1], "Cmd": argv[1:], "Tty": True}
    made = fleet._call("POST", "/containers/create", json=body).json()["Id"]
    try:
        fleet._call("POST", f"/containers/{made}/start")
        wait_until(lambda: not state_of(fleet, made)["Running"], "the program has ended", 60)
        said = fleet._call("GET", f"/containers/{made}/logs", params={"stdout": "true", "stderr": "true"}).text
        assert state_of(fleet, made)["ExitCode"] == 0, said
        return said
    finally:
        fleet._call("DELETE", f"/containers/{made}", params={"force": "true", "v": "true"})


@contextmanager
def running(fleet: DockerFleet, image: str, program: str, environment: Mapping[str, str]) -> Iterator[str]:
    """A program of the image by its module's name; SIGTERM in the end, and then it must end well and without a traceback."""
    body = container_body(LaunchRequest(ContainerId(program), SIZES[1], batch=1), fleet._settings)
    given = dict(each.split("=", 1) for each in body["Env"]) | environment
    body |= {"Image": image, "Cmd": [program], "Env": [f"{name}={text}" for name, text in given.items()], "Tty": True}
    made = fleet._call("POST", "/containers/create", json=body).json()["Id"]
    try:
        fleet._call("POST", f"/containers/{made}/start")
        yield made
        fleet._call("POST", f"/containers/{made}/stop", {304}, params={"t": "30"})
        said = fleet._call("GET", f"/containers/{made}/logs", params={"stdout": "true", "stderr": "true"}).text
        assert "Traceback" not in said, said
        assert state_of(fleet, made)["ExitCode"] == 0, said
    finally:
        fleet._call("DELETE", f"/containers/{made}", params={"force": "true", "v": "true"})


def state_of(fleet: DockerFleet, handle: str) -> dict[str, Any]:
    """State of the container: running or not, since when, exit code, health."""
    return dict(fleet._call("GET", f"/containers/{handle}/json").json()["State"])
