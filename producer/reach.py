"""Finds addresses that the acting dispatcher's containers cannot read or write: a pure function of its plan."""

import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeAlias

from producer.requests.scenes import local_path
from scenequeue.errors import StorageDenied
from scenequeue.jobs.film import Film
from scenequeue.jobs.scene import Scene, inputs_of
from scenequeue.settings import list_for_shell
from scenequeue.storages.files import file_uri, path_of
from scenequeue.storages.links import is_within, link_leaving

Act: TypeAlias = Literal["read", "write"]
#: What a program does with a file, and the setting by which this machine's files need not be shared for it.
_INSTEAD = {
    "read": "set SCENEBURST_INPUTS=s3://BUCKET/inputs here, which uploads local files",
    "write": "name an output that is an s3:// address",
}
_CREDENTIALS = "start it with AWS's own environment variables (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
#: Most folders remembered, so that memory stays bounded for any number of scenes.
_FOLDERS_KEPT = 10_000
#: Most places named in one message, besides its first.
_PLACES_NAMED = 20


class Beyond(NamedTuple):
    """An address that containers can neither read nor write as things are, and the reason."""

    kind: Literal["address", "credentials", "fargate", "link", "roots"]
    act: Act
    #: The address, or the path that it names.
    place: str
    #: Further words of the reason: what is wrong with the address, or the link that leads out.
    said: str = ""
    #: Proposed as another root.
    folder: Path | None = None


class Found(NamedTuple):
    """An address out of reach, and who names it."""

    #: The number of a scene or of a line, by which messages are sorted.
    position: int
    #: Of whom it is, in words.
    where: str
    beyond: Beyond


class Told(NamedTuple):
    """One reason in words."""

    position: int
    text: str
    #: The names of the others for which it holds, all of them.
    others: list[str]


def working_folder() -> Path | None:
    """The folder one works in; None where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


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

    def beyond_of_job(self, output: str | None, film: Film | None) -> list[tuple[str, Beyond]]:
        """Find out if the output's address or a film's music is out of reach; each with the name of its field."""
        found = [("output", None if output is None else self.find(output, "write"))]
        if film is not None and film.music is not None:
            found.append(("film: music", self._input(film.music)))
        return [(where, beyond) for where, beyond in found if beyond is not None]

    def beyond_of_scene(self, scene: Scene) -> list[tuple[str, Beyond]]:
        """Find those inputs of a scene that are out of reach, each with its role."""
        found = [(role, self._input(place)) for role, place in inputs_of(scene).items()]
        return [(role, beyond) for role, beyond in found if beyond is not None]

    def tell(self, found: Iterable[Found], named: Callable[[Found], str] = lambda each: each.where) -> list[Told]:
        """One message per reason, at the position of the first address that it holds for.

        Args:
            found: in the order in which they are to be named.
            named: names the others for which the same reason holds.
        """
        kinds: dict[tuple[str, ...], list[Found]] = {}
        for each in found:
            beyond = each.beyond
            key = (beyond.kind, beyond.act, beyond.said if beyond.kind == "address" else "")
            kinds.setdefault(key, []).append(each)
        told = []
        for alike in kinds.values():
            first, others = alike[0], list(dict.fromkeys(map(named, alike[1:])))
            listed = ", ".join(others[:_PLACES_NAMED])
            if len(others) > _PLACES_NAMED:
                listed += f" and {len(others) - _PLACES_NAMED} more"
            also = f" (the same holds for {listed})" if others else ""
            text = f"{first.where}: {self.explain([each.beyond for each in alike])}{also}"
            told.append(Told(first.position, text, others))
        return told

    def explain(self, alike: Sequence[Beyond]) -> str:
        """The reason in words, and the setting to change, with the value that serves all of these.

        Args:
            alike: of one kind and one act; the first is named.
        """
        kind, act, place, said, _ = alike[0]
        if kind == "address":
            return said
        if kind == "fargate":
            return f"{place} is on this machine, where containers on Fargate {act} nothing; {_INSTEAD[act]}"
        if kind == "credentials":
            return f"containers cannot {act} {place}: their dispatcher finds no AWS credentials; {_CREDENTIALS}"
        folders = list(dict.fromkeys(each.folder for each in alike if each.folder is not None))
        wanted = f"SCENEBURST_FILE_ROOTS={list_for_shell([*self.roots, *folders])}"
        if self.fleet == "docker":
            wanted += f" and SCENEBURST_DOCKER_VOLUMES={list_for_shell(f'{folder}:{folder}' for folder in folders)}"
        if self.fleet == "process":
            options = " ".join(f"--root {shlex.quote(str(folder))}" for folder in folders)
            wanted += f" (`sceneburst up`: {options})"
        allowed = f"only under {', '.join(map(str, self.roots))}" if self.roots else "no local files at all"
        why = f"containers cannot {act} {place}: the dispatcher lets them use {allowed}"
        if kind == "link":
            why += f", and the link {said} leads out of there; put what it leads to in its place"
            return f"{why}, or start the dispatcher with {wanted}, or {_INSTEAD[act]}"
        return f"{why}; start it with {wanted}, or {_INSTEAD[act]}"

    def find(self, address: str, act: Act) -> Beyond | None:
        """The reason for which containers can never read or write an address; None where they may.

        Args:
            address: of a file, or a folder to write to. file:// and s3:// addresses are judged.
            act: what containers would do there.
        """
        if address.startswith("s3:") and not self.has_aws:
            return Beyond("credentials", act, address)
        if not address.startswith("file:"):
            return None
        try:
            path = path_of(address)
        except StorageDenied as error:
            return Beyond("address", act, address, str(error))
        if self.fleet == "fargate":
            return Beyond("fargate", act, str(path))
        if self._is_within(path):
            return None
        written = _written(path)
        if not self._names(written):
            return Beyond("roots", act, str(path), folder=self._root_for(written, act))
        # A container elsewhere may find no link there: only one that is seen here counts.
        link = link_leaving(path, self.roots)
        return None if link is None else Beyond("link", act, str(path), str(link), self._root_for(_followed(path), act))

    def _input(self, place: str) -> Beyond | None:
        if place.startswith("https://") or (self.has_aws and place.startswith("s3://")):
            return None
        path = self._path_of(place)
        folder, name = os.path.split(path)
        if folder in self._within and name != ".." and not os.path.islink(path):  # noqa: PTH114  a Path takes ten times as long
            return None
        beyond = self.find(self._address_of(place), "read")
        # A file may be within reach where its folder is not: by a link, or as a root of its own.
        if beyond is None and path and self._is_within(Path(folder)):
            if len(self._within) >= _FOLDERS_KEPT:
                self._within.clear()
            self._within.add(folder)
        return beyond

    def _path_of(self, place: str) -> str:
        """The path at which containers look for an input; "" where it is none."""
        if "://" not in place and self.inputs is None:
            return place
        address = self._address_of(place)
        try:
            return str(path_of(address)) if address.startswith("file:") else ""
        except StorageDenied:
            return ""

    def _address_of(self, place: str) -> str:
        """The address under which containers look for an input: as it is, in place, or uploaded."""
        path = local_path(place)
        if path is None:
            return place
        return file_uri(path) if self.inputs is None else f"{self.inputs.rstrip('/')}/{path.name}"

    def _root_for(self, path: Path, act: Act) -> Path:
        folder = path.parent if act == "read" else path
        if self.here is not None and self.here.parent != self.here and folder.is_relative_to(self.here):
            return self.here
        return folder

    def _is_within(self, path: Path) -> bool:
        """True where the path lies under a root once links are followed here; the containers check again themselves."""
        try:
            return is_within(path.resolve(), self.roots)
        except (OSError, RuntimeError):
            return False

    def _names(self, written: Path) -> bool:
        return any(written.is_relative_to(root) for root in self.roots)


def _written(path: Path) -> Path:
    """The path without `..`, and with its links not followed."""
    return Path(os.path.normpath(path))


def _followed(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return _written(path)
