"""Finds addresses that the acting dispatcher's containers cannot read or write: a pure function of its plan."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from producer.scenes import INPUTS, local_path
from scenequeue.errors import StorageDenied
from scenequeue.film import Film
from scenequeue.items import Scene
from scenequeue.settings import list_for_shell
from scenequeue.storage_files import file_uri, path_of

#: What a program does with a file, and the setting by which this machine's files need not be shared for it.
_INSTEAD = {
    "read": "set SCENEBURST_INPUTS=s3://BUCKET/inputs here, which uploads local files",
    "write": "name an output that is an s3:// address",
}
_CREDENTIALS = "start it with AWS's own environment variables (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
#: Most folders remembered, so that memory stays bounded for any number of scenes.
_FOLDERS_KEPT = 10_000


@dataclass(frozen=True)
class Reach:
    """The fleet that containers run on, the folders shared with them, and the address local inputs are uploaded to."""

    fleet: str
    roots: tuple[Path, ...]
    #: None leaves them in place.
    inputs: str | None = None
    #: False where containers are known to have no AWS credentials.
    has_aws: bool = True
    #: Proposed as a root for what lies below it, so that one value serves a whole job.
    here: Path | None = None
    #: Folders of files that were found within reach: a job's inputs lie in few.
    _within: set[str] = field(default_factory=set, compare=False, repr=False)

    @classmethod
    def of(cls, plan: Mapping[str, Any] | None, inputs: str | None, here: Path | None) -> Self | None:
        """From the dispatcher's plan; None where there is none, or where it is of a version that does not say."""
        if plan is None or not isinstance(plan.get("fleet"), str) or not isinstance(plan.get("file_roots"), list):
            return None
        roots = tuple(Path(str(root)) for root in plan["file_roots"])
        return cls(plan["fleet"], roots, inputs, plan.get("aws_credentials") is not False, here)

    def problems_of_job(self, output: str, film: Film | None) -> list[str]:
        """Find out if the output's address or a film's music is out of reach; one line per problem."""
        found = [("output", self.problem(output, "write"))]
        if film is not None and film.music is not None:
            found.append(("film: music", self._input(film.music)))
        return [f"{where}: {problem}" for where, problem in found if problem]

    def problems_of_scene(self, scene: Scene) -> list[str]:
        """Find those inputs of a scene that are out of reach; one line per problem."""
        found = [(role, self._input(place)) for role in INPUTS if (place := getattr(scene, role)) is not None]
        return [f"{role}: {problem}" for role, problem in found if problem]

    def _input(self, place: str) -> str | None:
        if place.startswith("https://") or (self.has_aws and place.startswith("s3://")):
            return None
        folder = os.path.dirname(place)  # noqa: PTH120  a Path takes ten times as long
        if folder in self._within:
            return None
        problem = self.problem(self._address_of(place), "read")
        if problem is None:
            if len(self._within) >= _FOLDERS_KEPT:
                self._within.clear()
            self._within.add(folder)
        return problem

    def _address_of(self, place: str) -> str:
        """The address under which containers look for an input: as it is, in place, or uploaded."""
        path = local_path(place)
        if path is None:
            return place
        return file_uri(path) if self.inputs is None else f"{self.inputs.rstrip('/')}/{path.name}"

    def problem(self, address: str, act: Literal["read", "write"]) -> str | None:
        """Explain that containers can never read or write an address, and name the setting to change; None where they may.

        Args:
            address: of a file, or a folder to write to. file:// and s3:// addresses are judged.
            act: what containers would do there.
        """
        if address.startswith("s3:") and not self.has_aws:
            return f"containers cannot {act} {address}: their dispatcher finds no AWS credentials; {_CREDENTIALS}"
        if not address.startswith("file:"):
            return None
        try:
            path = path_of(address)
        except StorageDenied as error:
            return str(error)
        if self.fleet == "fargate":
            return f"{path} is on this machine, where containers on Fargate {act} nothing; {_INSTEAD[act]}"
        if self._covers(path):
            return None
        written = _written(path)
        folder = written.parent if act == "read" else written
        if self.here is not None and self.here.parent != self.here and folder.is_relative_to(self.here):
            folder = self.here
        wanted = f"SCENEBURST_FILE_ROOTS={list_for_shell([*self.roots, folder])}"
        mounted = f" and SCENEBURST_DOCKER_VOLUMES={list_for_shell([f'{folder}:{folder}'])}" if self.fleet == "docker" else ""
        allowed = f"only under {', '.join(map(str, self.roots))}" if self.roots else "no local files at all"
        why = f"containers cannot {act} {path}: the dispatcher lets them use {allowed}"
        up = f" (`sceneburst up`: --root {shlex.quote(str(folder))})" if self.fleet == "process" else ""
        return f"{why}; start it with {wanted}{mounted}{up}, or {_INSTEAD[act]}"

    def _covers(self, path: Path) -> bool:
        """Accept a path that lies under a root as written or with links resolved here; the containers check again themselves."""
        written = _written(path)
        if any(written.is_relative_to(root) for root in self.roots):
            return True
        try:
            followed = path.resolve()
        except (OSError, RuntimeError):
            return False
        return any(followed.is_relative_to(root.resolve()) for root in self.roots)


def _written(path: Path) -> Path:
    """The path without `..`, and with its links not followed."""
    return Path(os.path.normpath(path))
