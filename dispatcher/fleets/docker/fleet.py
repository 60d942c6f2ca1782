"""Containers by the Docker Engine API, which Podman speaks too: one container per launch, limited and read-only."""

import json
import platform
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set as AbstractSet
from datetime import datetime
from typing import Any, Self

import httpx

from dispatcher.fleet import ContainerSize, FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.fleets.docker.logs import payloads
from dispatcher.fleets.settings import DockerSettings
from scenequeue.errors import FleetError, FleetMisconfigured, SettingsError
from scenequeue.jobs.ids import ContainerId

NAMESPACE_LABEL = "sceneburst.namespace"
CONTAINER_LABEL = "sceneburst.container"
SCRATCH = "/scratch"
#: A container that has not gone so long after SIGTERM is killed; its own drain takes at most SCENEBURST_DRAIN_GRACE_S.
STOP_GRACE_S = 120.0
#: Ended containers are listed for so long, then removed with their logs.
REMEMBERED_S = 120.0
_TIMEOUT_S = 30.0
#: Threads and children of one worker and its ffmpeg processes.
_MOST_PROCESSES = 4096
_ENDED = frozenset({"exited", "dead", "removing"})
_OK, _NOT_MODIFIED, _NOT_FOUND, _CONFLICT, _SERVER_ERROR = 200, 304, 404, 409, 500


class DockerFleet:
    """One container per launch, named and labelled after it. Thread-safe.

    Args:
        settings: where the engine listens, and what it runs.
        transport: httpx transport to use instead of the socket.
        clock: Unix seconds.
    """

    name = "docker"
    # The engine runs on this machine, as far as its price goes.

    def __init__(
        self,
        settings: DockerSettings,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._clock = settings, clock
        architecture = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
        self.hardware = Hardware(architecture, image=settings.docker_image)
        transport = transport or httpx.HTTPTransport(uds=str(settings.docker_socket))
        self._client = httpx.Client(transport=transport, base_url="http://docker", timeout=_TIMEOUT_S)
        self._lock = threading.Lock()
        #: Held while one stop is asked for, so that two at once send one signal.
        self._stopping = threading.Lock()
        #: What was sent SIGTERM: id -> when and why.
        self._stopped: dict[str, tuple[float, str]] = {}

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """The fleet of SCENEBURST_DOCKER_….

        Raises:
            SettingsError: one is missing or malformed.
        """
        return cls(DockerSettings.load(**overrides))

    def launch(self, requests: Sequence[LaunchRequest]) -> list[LaunchResult]:
        """Create and start; the same container id again is the container that was made first."""
        return [self._launch(request) for request in requests]

    def _launch(self, request: LaunchRequest) -> LaunchResult:
        name = f"sceneburst-{self._settings.namespace}-{request.container_id}"
        try:
            body = container_body(request, self._settings)
            made = self._call("POST", "/containers/create", {_CONFLICT, _SERVER_ERROR}, params={"name": name}, json=body)
            if not made.is_success:
                # The name is taken, which Docker tells as a conflict, and Podman as an error of the server.
                refusal, made = made, self._call("GET", f"/containers/{name}/json", {_NOT_FOUND})
                if not made.is_success:
                    return LaunchResult(request.container_id, error=f"the container engine refuses: {_message(refusal)}")
            handle = str(made.json()["Id"])
            # A crash before this line leaves a container that never ran; list() removes it after a while.
            self._call("POST", f"/containers/{handle}/start", {_NOT_MODIFIED})
        except FleetError as error:
            return LaunchResult(request.container_id, error=str(error), transient=error.transient)
        return LaunchResult(request.container_id, handle=handle)

    def list(self) -> list[FleetContainer]:
        """Every container with our label; those that ended two minutes ago are removed.

        One that was asked to stop and outlasts its grace is killed here.

        Raises:
            FleetError: the engine does not answer; transient.
        """
        filters = {"label": [f"{NAMESPACE_LABEL}={self._settings.namespace}"]}
        listed = self._call("GET", "/containers/json", params={"all": "true", "filters": json.dumps(filters)}).json()
        return [container for each in listed if (container := self._look(each)) is not None]

    def _look(self, listed: Mapping[str, Any]) -> FleetContainer | None:
        handle, container_id = str(listed["Id"]), ContainerId(listed["Labels"].get(CONTAINER_LABEL, ""))
        created_ms = int(listed["Created"]) * 1000
        if listed["State"] not in {*_ENDED, "created"}:
            with self._lock:
                asked_at, _ = self._stopped.get(handle, (self._clock(), ""))
            if self._clock() - asked_at > STOP_GRACE_S:
                self._kill(handle, "SIGKILL")
            return FleetContainer(handle, container_id, is_running=True, started_ms=created_ms)
        looked = self._call("GET", f"/containers/{handle}/json", {_NOT_FOUND})
        if looked.status_code == _NOT_FOUND:
            return None
        state = looked.json()["State"]
        if listed["State"] == "created":
            # Between its creation and its start, or for ever if the start failed.
            if self._clock() - created_ms / 1000 > REMEMBERED_S:
                self._remove(handle)
            return None
        if self._clock() - _unix_s(state.get("FinishedAt", "")) > REMEMBERED_S:
            self._remove(handle)
            return None
        with self._lock:
            asked = self._stopped.get(handle, (0.0, ""))[1]
        killed = "out of memory" if state.get("OOMKilled") else ""
        reason = asked or state.get("Error") or killed or "the program ended"
        return FleetContainer(
            handle, container_id, is_running=False, started_ms=created_ms, stopped_reason=reason, exit_code=state.get("ExitCode")
        )

    def stop(self, handle: str, reason: str) -> None:
        """SIGTERM; `list` sends SIGKILL after the grace. Does not wait. Already gone is success.

        Raises:
            FleetError: the engine does not answer; transient.
        """
        with self._stopping:
            if handle in self._stopped:
                return
            # Noted only once it is sent: else a signal that was lost would be followed by SIGKILL alone.
            if self._kill(handle, "SIGTERM"):
                with self._lock:
                    self._stopped[handle] = (self._clock(), reason)

    def stop_all(self, reason: str, grace_s: float = 5.0) -> None:
        """Stop and remove every container of this namespace; what outlasts the grace is killed."""
        for container in self.list():
            if container.is_running:
                self.stop(container.handle, reason)
        deadline = time.monotonic() + grace_s
        while any(container.is_running for container in self.list()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for container in self.list():
            self._remove(container.handle)

    def logs(self, handle: str) -> Iterator[bytes] | None:
        """Read all that a container has written so far; None when there is no such container.

        Raises:
            FleetError: the engine does not answer; transient.
        """
        asked = f"/containers/{handle}/logs"
        answer = self._call("GET", asked, {_NOT_FOUND}, params={"stdout": "true", "stderr": "true"})
        return None if answer.status_code == _NOT_FOUND else payloads([answer.content])

    def has_image(self) -> bool:
        """True if the engine has the image that is launched.

        Raises:
            FleetError: the engine does not answer; transient.
        """
        return self._call("GET", f"/images/{self._settings.docker_image}/json", {_NOT_FOUND}).is_success

    def close(self) -> None:
        """Close the connections to the engine; safe twice."""
        self._client.close()

    def _kill(self, handle: str, number: str) -> bool:
        """Send a signal; True if it was sent, False if the container has ended or is gone."""
        # Docker says 409 for what does not run, Podman 500 for some of it.
        harmless = {_NOT_FOUND, _CONFLICT, _SERVER_ERROR}
        answer = self._call("POST", f"/containers/{handle}/kill", harmless, params={"signal": number})
        if answer.status_code == _SERVER_ERROR and self._is_running(handle):
            raise FleetError(f"the container engine does not stop {handle}: {_message(answer)}")
        return answer.is_success

    def _is_running(self, handle: str) -> bool:
        looked = self._call("GET", f"/containers/{handle}/json", {_NOT_FOUND})
        return looked.status_code == _OK and bool(looked.json()["State"].get("Running"))

    def _remove(self, handle: str) -> None:
        self._call("DELETE", f"/containers/{handle}", {_NOT_FOUND, _CONFLICT}, params={"force": "true", "v": "true"})
        with self._lock:
            self._stopped.pop(handle, None)

    def _call(self, method: str, path: str, expected: AbstractSet[int] = frozenset(), **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            where = self._settings.docker_socket
            raise FleetError(f"no container engine answers at {where} (SCENEBURST_DOCKER_SOCKET): {error}") from error
        if answer.is_success or answer.status_code in expected:
            return answer
        kind = FleetError if answer.status_code >= _SERVER_ERROR else FleetMisconfigured
        raise kind(f"the container engine refuses: {_message(answer)}")


def container_body(request: LaunchRequest, settings: DockerSettings) -> dict[str, Any]:
    """Return the engine's request: limits as Fargate's, no privileges, nothing writable but the scratch space.

    Raises:
        SettingsError: a ulimit is malformed.
    """
    environment = {**request.environment, **settings.docker_environment, "SCENEBURST_SCRATCH_DIR": SCRATCH}
    memory_bytes = request.size.memory_mib * 1024 * 1024
    host: dict[str, Any] = {
        "NanoCpus": round(request.size.vcpu * 1e9),
        "Memory": memory_bytes,
        # The same as the memory: no swap.
        "MemorySwap": memory_bytes,
        "PidsLimit": _MOST_PROCESSES,
        "ReadonlyRootfs": True,
        "Tmpfs": {SCRATCH: f"rw,nosuid,nodev,mode=1777,size={_scratch_mib(request.size, settings)}m"},
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "RestartPolicy": {"Name": "no"},
    }
    if settings.docker_network:
        host["NetworkMode"] = settings.docker_network
    if settings.docker_volumes:
        host["Binds"] = settings.docker_volumes
    if settings.docker_ulimits:
        host["Ulimits"] = [_ulimit(each) for each in settings.docker_ulimits]
    return {
        "Image": settings.docker_image,
        "User": settings.docker_user,
        "Cmd": ["container_worker"],
        "Env": [f"{name}={value}" for name, value in sorted(environment.items())],
        "Labels": {NAMESPACE_LABEL: settings.namespace, CONTAINER_LABEL: request.container_id},
        "StopTimeout": round(STOP_GRACE_S),
        "HostConfig": host,
    }


def _scratch_mib(size: ContainerSize, settings: DockerSettings) -> int:
    """Half of the container's memory at most, which it is taken from: a full disk can be told, a lack of memory kills."""
    return min(settings.docker_scratch_mib, size.memory_mib // 2)


def _ulimit(text: str) -> dict[str, Any]:
    name, _, limits = text.partition("=")
    soft, _, hard = limits.partition(":")
    try:
        return {"Name": name, "Soft": int(soft), "Hard": int(hard or soft)}
    except ValueError:
        raise SettingsError(f"SCENEBURST_DOCKER_ULIMITS: {text!r} is not name=soft:hard") from None


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _unix_s(moment: str) -> float:
    """Docker writes nine decimals, Python reads six."""
    try:
        return datetime.fromisoformat(moment[:19] + "+00:00").timestamp()
    except ValueError:
        return 0.0
