"""Containers through the Docker Engine API, which Podman has too: one per launch, limited and read-only."""

import json
import platform
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set as AbstractSet
from datetime import datetime
from typing import Any, Self

import httpx

from dispatcher.codes import Code
from dispatcher.fleet import ContainerSize, FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.fleets.docker.logs import payloads
from dispatcher.fleets.settings import DockerSettings
from scenequeue.errors import FleetError, FleetMisconfigured, SettingsError
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Code as QueueCode, Reason

NAMESPACE_LABEL = "sceneburst.namespace"
CONTAINER_LABEL = "sceneburst.container"
SCRATCH = "/scratch"
#: Seconds between SIGTERM and SIGKILL; more than the default of SCENEBURST_DRAIN_GRACE_S.
STOP_GRACE_S = 120.0
#: Ended containers are listed for so long, then deleted with their logs.
ENDED_TTL_S = 120.0
_TIMEOUT_S = 30.0
#: Limit for the processes and threads of one worker and its children.
_MAX_PROCESSES = 4096
_ENDED = frozenset({"exited", "dead", "removing"})
_OK, _NOT_MODIFIED, _NOT_FOUND, _CONFLICT, _SERVER_ERROR = 200, 304, 404, 409, 500


class DockerFleet:
    """One container per launch, with its id in the name and in a label. Thread-safe.

    Args:
        settings: the engine's socket, and the containers' image and limits.
        transport: httpx transport to use instead of the socket.
        clock: Unix seconds.
    """

    name = "docker"
    # The engine is assumed to run on this machine.

    def __init__(
        self,
        settings: DockerSettings,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._clock = settings, clock
        # Malformed ones are refused here, not at each launch.
        for entry in settings.docker_ulimits:
            _ulimit(entry)
        architecture = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
        self.hardware = Hardware(architecture, image=settings.docker_image)
        transport = transport or httpx.HTTPTransport(uds=str(settings.docker_socket))
        self._client = httpx.Client(transport=transport, base_url="http://docker", timeout=_TIMEOUT_S)
        self._lock = threading.Lock()
        #: Held during a stop, so that two concurrent stops send one SIGTERM.
        self._stopping = threading.Lock()
        #: Containers that were sent SIGTERM: handle -> time and reason.
        self._stopped: dict[str, tuple[float, Reason]] = {}

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """Make the fleet from the settings SCENEBURST_DOCKER_….

        Raises:
            SettingsError: a setting is missing or malformed.
        """
        return cls(DockerSettings.load(**overrides))

    def launch(self, requests: Sequence[LaunchRequest]) -> list[LaunchResult]:
        """Create and start containers; for a container id that was launched before, return that container."""
        return [self._launch(request) for request in requests]

    def _launch(self, request: LaunchRequest) -> LaunchResult:
        name = f"sceneburst-{self._settings.namespace}-{request.container_id}"
        try:
            body = container_body(request, self._settings)
            made = self._call("POST", "/containers/create", {_CONFLICT, _SERVER_ERROR}, params={"name": name}, json=body)
            if not made.is_success:
                # The name may be taken: Docker answers 409 then, Podman 500.
                refusal, made = made, self._call("GET", f"/containers/{name}/json", {_NOT_FOUND})
                if not made.is_success:
                    return LaunchResult(request.container_id, error=Reason(Code.ENGINE_REFUSES, {"problem": _message(refusal)}))
            handle = str(made.json()["Id"])
            # A crash before this line leaves a container that never ran; list() deletes it.
            self._call("POST", f"/containers/{handle}/start", {_NOT_MODIFIED})
        except FleetError as error:
            return LaunchResult(request.container_id, error=error.reason, transient=error.transient)
        return LaunchResult(request.container_id, handle=handle)

    def list(self) -> list[FleetContainer]:
        """Return the containers with our label; delete those that ended two minutes ago.

        A container that outlasts the grace period after a stop is killed here.

        Raises:
            FleetError: the engine does not answer; transient.
        """
        filters = {"label": [f"{NAMESPACE_LABEL}={self._settings.namespace}"]}
        listed = self._call("GET", "/containers/json", params={"all": "true", "filters": json.dumps(filters)}).json()
        return [container for each in listed if (container := self._container_from(each)) is not None]

    def _container_from(self, listed: Mapping[str, Any]) -> FleetContainer | None:
        handle, container_id = str(listed["Id"]), ContainerId(listed["Labels"].get(CONTAINER_LABEL, ""))
        created_ms = int(listed["Created"]) * 1000
        if listed["State"] not in {*_ENDED, "created"}:
            with self._lock:
                asked_at = self._stopped[handle][0] if handle in self._stopped else self._clock()
            if self._clock() - asked_at > STOP_GRACE_S:
                self._kill(handle, "SIGKILL")
            return FleetContainer(handle, container_id, is_running=True, started_ms=created_ms)
        answer = self._call("GET", f"/containers/{handle}/json", {_NOT_FOUND})
        if answer.status_code == _NOT_FOUND:
            return None
        state = answer.json()["State"]
        if listed["State"] == "created":
            # Created but not started yet, or its start has failed.
            if self._clock() - created_ms / 1000 > ENDED_TTL_S:
                self._remove(handle)
            return None
        if self._clock() - _unix_s(state.get("FinishedAt", "")) > ENDED_TTL_S:
            self._remove(handle)
            return None
        with self._lock:
            stopped = self._stopped.get(handle)
        said = state.get("Error")
        known = Reason(Code.OUT_OF_MEMORY) if state.get("OOMKilled") else None
        reason = stopped[1] if stopped else Reason(QueueCode.OTHER, {"text": said}) if said else known
        return FleetContainer(
            handle, container_id, is_running=False, started_ms=created_ms, stopped_reason=reason, exit_code=state.get("ExitCode")
        )

    def stop(self, handle: str, reason: Reason) -> None:
        """Send SIGTERM, and do not wait; `list` sends SIGKILL after the grace period. A container that is gone is a success.

        Raises:
            FleetError: the engine does not answer; transient.
        """
        with self._stopping:
            if handle in self._stopped:
                return
            # Recorded only after SIGTERM was sent: else a lost SIGTERM would be followed by SIGKILL.
            if self._kill(handle, "SIGTERM"):
                with self._lock:
                    self._stopped[handle] = (self._clock(), reason)

    def stop_all(self, reason: Reason, grace_s: float = 5.0) -> None:
        """Stop and delete every container of this namespace; those that outlast the grace period are killed."""
        for container in self.list():
            if container.is_running:
                self.stop(container.handle, reason)
        deadline = time.monotonic() + grace_s
        while any(container.is_running for container in self.list()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for container in self.list():
            self._remove(container.handle)

    def logs(self, handle: str) -> Iterator[bytes] | None:
        """Return a container's output so far; None if there is no such container.

        Raises:
            FleetError: the engine does not answer; transient.
        """
        path = f"/containers/{handle}/logs"
        answer = self._call("GET", path, {_NOT_FOUND}, params={"stdout": "true", "stderr": "true"})
        return None if answer.status_code == _NOT_FOUND else payloads([answer.content])

    def has_image(self) -> bool:
        """Return True if the engine has the containers' image.

        Raises:
            FleetError: the engine does not answer; transient.
        """
        return self._call("GET", f"/images/{self._settings.docker_image}/json", {_NOT_FOUND}).is_success

    def close(self) -> None:
        """Close the connections to the engine; safe twice."""
        self._client.close()

    def _kill(self, handle: str, number: str) -> bool:
        """Send a signal; return False if the container has ended or is gone."""
        # For a container that does not run, Docker answers 409, and Podman sometimes 500.
        harmless = {_NOT_FOUND, _CONFLICT, _SERVER_ERROR}
        answer = self._call("POST", f"/containers/{handle}/kill", harmless, params={"signal": number})
        if answer.status_code == _SERVER_ERROR and self._is_running(handle):
            raise FleetError(Code.ENGINE_DOES_NOT_STOP, handle=handle, problem=_message(answer))
        return answer.is_success

    def _is_running(self, handle: str) -> bool:
        answer = self._call("GET", f"/containers/{handle}/json", {_NOT_FOUND})
        return answer.status_code == _OK and bool(answer.json()["State"].get("Running"))

    def _remove(self, handle: str) -> None:
        self._call("DELETE", f"/containers/{handle}", {_NOT_FOUND, _CONFLICT}, params={"force": "true", "v": "true"})
        with self._lock:
            self._stopped.pop(handle, None)

    def _call(self, method: str, path: str, expected: AbstractSet[int] = frozenset(), **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise FleetError(Code.ENGINE_SILENT, socket=str(self._settings.docker_socket), problem=str(error)) from error
        if answer.is_success or answer.status_code in expected:
            return answer
        kind = FleetError if answer.status_code >= _SERVER_ERROR else FleetMisconfigured
        raise kind(Code.ENGINE_REFUSES, problem=_message(answer))


def container_body(request: LaunchRequest, settings: DockerSettings) -> dict[str, Any]:
    """Return the engine's request for a container: limits as on Fargate, no privileges, only the scratch space writable.

    Raises:
        SettingsError: an entry of SCENEBURST_DOCKER_ULIMITS is malformed.
    """
    environment = {**request.environment, **settings.docker_environment, "SCENEBURST_SCRATCH_DIR": SCRATCH}
    memory_bytes = request.size.memory_mib * 1024 * 1024
    host: dict[str, Any] = {
        "NanoCpus": round(request.size.vcpu * 1e9),
        "Memory": memory_bytes,
        # Equal to the memory, so that there is no swap.
        "MemorySwap": memory_bytes,
        "PidsLimit": _MAX_PROCESSES,
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
    """Return the size of the scratch space: at most half of the memory, as a full disk is an error and full memory kills."""
    return min(settings.docker_scratch_mib, size.memory_mib // 2)


def _ulimit(text: str) -> dict[str, Any]:
    name, _, limits = text.partition("=")
    soft, _, hard = limits.partition(":")
    try:
        return {"Name": name, "Soft": int(soft), "Hard": int(hard or soft)}
    except ValueError:
        raise SettingsError(Code.ULIMIT_MALFORMED, setting="SCENEBURST_DOCKER_ULIMITS", entry=text) from None


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _unix_s(moment: str) -> float:
    """Parse the engine's time to whole seconds, as Python cannot read its nine decimals; 0 if it is malformed."""
    try:
        return datetime.fromisoformat(moment[:19] + "+00:00").timestamp()
    except ValueError:
        return 0.0
