"""Finds addresses that the active dispatcher's containers cannot read or write: a pure function of its plan."""

import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeAlias

from producer.codes import Code
from producer.places import local_path
from scenequeue.errors import Mistake, Place, StorageDenied, inside
from scenequeue.reasons import Reason
from scenequeue.settings import list_for_shell
from scenequeue.storages.files import file_uri, path_of
from scenequeue.storages.links import find_escaping_link, is_within

Act: TypeAlias = Literal["read", "write"]
_CANNOT = {"read": Code.UNREADABLE_THERE, "write": Code.UNWRITABLE_THERE}
_ON_FARGATE = {"read": Code.FARGATE_READS_NOTHING, "write": Code.FARGATE_WRITES_NOTHING}
#: For reading and for writing, the setting that makes shared files unnecessary.
_INSTEAD = {"read": Reason(Code.UPLOAD_INSTEAD), "write": Reason(Code.WRITE_TO_S3_INSTEAD)}
#: Maximum number of remembered folders, so that memory stays bounded for any number of scenes.
_MAX_FOLDERS = 10_000
#: Maximum number of further places named in one message.
_MAX_PLACES = 20


class OutOfReach(NamedTuple):
    """An address that containers cannot read or write, and the reason."""

    kind: Literal["address", "credentials", "fargate", "link", "roots"]
    act: Act
    #: The address, or the path that it names.
    place: str
    #: The problem of the address itself.
    problem: Reason | None = None
    #: The link that leads out of the roots.
    link: str = ""
    #: A folder to suggest as an additional root.
    folder: Path | None = None


class FoundOutOfReach(NamedTuple):
    """An address out of reach, and the place that names it."""

    place: Place
    #: Name of the place in messages.
    called: Reason
    beyond: OutOfReach


def working_folder() -> Path | None:
    """Return the working folder; None if it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None


@dataclass(frozen=True)
class Reach:
    """The reach of containers: their fleet, the folders shared with them, and the place of uploaded inputs."""

    fleet: str
    roots: tuple[Path, ...]
    #: None leaves them in place.
    inputs: str | None = None
    #: False if containers are known to have no AWS credentials.
    has_aws: bool = True
    #: Suggested as the root for files below it, so that one value serves a whole job.
    here: Path | None = None
    #: Folders of files that are within reach; a job's inputs are in few folders.
    _within: set[str] = field(default_factory=set, compare=False, repr=False)

    @classmethod
    def of(cls, plan: Mapping[str, Any] | None, inputs: str | None, here: Path | None) -> Self | None:
        """Read the reach from the dispatcher's plan; None without a plan, or for a version whose plan does not contain it."""
        if plan is None or not isinstance(plan.get("fleet"), str) or not isinstance(plan.get("file_roots"), list):
            return None
        roots = tuple(Path(str(root)) for root in plan["file_roots"])
        return cls(plan["fleet"], roots, inputs, plan.get("aws_credentials") is not False, here)

    def of_output(self, address: str) -> OutOfReach | None:
        """Return the reason that containers cannot write to an output's address; None if they can."""
        return self.find(address, "write", is_folder=True)

    def of_input(self, place: str) -> OutOfReach | None:
        """Return the reason that containers cannot read an input; None if they can.

        Args:
            place: a path or an address. A local path counts as uploaded if `inputs` is set.
        """
        if place.startswith("https://") or (self.has_aws and place.startswith("s3://")):
            return None
        if self.inputs is not None and local_path(place) is not None:
            return self._uploads
        path = self._path_of(place)
        folder, name = os.path.split(path)
        if folder in self._within and name != ".." and not os.path.islink(path):  # noqa: PTH114  a Path takes ten times as long
            return None
        beyond = self.find(place if "://" in place else file_uri(Path(place)), "read")
        # A file may be within reach although its folder is not: through a link, or as a root of its own.
        if beyond is None and path and self._is_within(Path(folder)):
            if len(self._within) >= _MAX_FOLDERS:
                self._within.clear()
            self._within.add(folder)
        return beyond

    def mistakes_of(
        self, found: Iterable[FoundOutOfReach], further: Callable[[Place, Reason], Reason] = lambda _, called: called
    ) -> list[Mistake]:
        """Return one mistake per reason, at the first place that has it; all suggest the same folders.

        Args:
            found: the addresses, in the order in which they are reported.
            further: names the other places with the same reason.
        """
        kinds: dict[tuple[str, ...], list[FoundOutOfReach]] = {}
        folders: dict[Path, None] = {}
        for each in found:
            beyond = each.beyond
            key = (beyond.kind, beyond.act, beyond.problem.plain() if beyond.problem else beyond.link)
            kinds.setdefault(key, []).append(each)
            if beyond.folder is not None:
                folders[beyond.folder] = None
        told = []
        for first, *rest in kinds.values():
            others = [further(each.place, each.called) for each in rest]
            why = _with_further(self.explain(first.beyond, list(folders)), others)
            told.append(Mistake(first.place, inside(first.called, why), tuple((each.place, each.called) for each in rest)))
        return told

    def explain(self, beyond: OutOfReach, folders: Sequence[Path]) -> Reason:
        """Return the reason, with the setting to change.

        Args:
            beyond: the reason.
            folders: folders to share for this address and all others.
        """
        act, place = beyond.act, beyond.place
        if beyond.problem is not None:
            return beyond.problem
        if beyond.kind == "fargate":
            return Reason(_ON_FARGATE[act], {"place": place, "instead": _INSTEAD[act]})
        problem = Reason(Code.WITHOUT_CREDENTIALS) if beyond.kind == "credentials" else self._unshared(beyond, folders)
        return Reason(_CANNOT[act], {"place": place, "problem": problem})

    def _unshared(self, beyond: OutOfReach, folders: Sequence[Path]) -> Reason:
        shared = Reason(Code.SHARED_NOTHING)
        if self.roots:
            shared = Reason(Code.SHARED_FOLDERS, {"folders": ", ".join(map(str, self.roots))})
        setting, instead = self._settings_to_share([*self.roots, *folders]), _INSTEAD[beyond.act]
        if beyond.kind == "link":
            return Reason(
                Code.LINK_OUT_OF_SHARED, {"shared": shared, "link": beyond.link, "setting": setting, "instead": instead}
            )
        return Reason(Code.OUTSIDE_SHARED, {"shared": shared, "setting": setting, "instead": instead})

    def _settings_to_share(self, folders: Sequence[Path]) -> Reason:
        """Return the settings with which a dispatcher shares exactly these folders."""
        folders = list(dict.fromkeys(folders))
        roots = list_for_shell(folders)
        if self.fleet == "docker":
            volumes = list_for_shell(f"{folder}:{folder}" for folder in folders)
            return Reason(Code.ROOTS_OF_DOCKER, {"roots": roots, "volumes": volumes})
        if self.fleet == "process":
            options = " ".join(f"--root {shlex.quote(str(folder))}" for folder in folders)
            return Reason(Code.ROOTS_OF_PROCESS, {"roots": roots, "options": options})
        return Reason(Code.ROOTS, {"roots": roots})

    def find(self, address: str, act: Act, *, is_folder: bool = False) -> OutOfReach | None:
        """Return the reason that containers can never read or write an address; None if they may.

        Args:
            address: file:// and s3:// addresses are checked, others accepted.
            act: reading or writing.
            is_folder: True for the address of a folder.
        """
        if address.startswith("s3:") and not self.has_aws:
            return OutOfReach("credentials", act, address)
        if not address.startswith("file:"):
            return None
        try:
            path = path_of(address)
        except StorageDenied as error:
            return OutOfReach("address", act, address, error.reason)
        if self.fleet == "fargate":
            return OutOfReach("fargate", act, str(path))
        if self._is_within(path):
            return None
        written = _written(path)
        if not self._names(written):
            return OutOfReach("roots", act, str(path), folder=self._root_for(written if is_folder else written.parent))
        # A container on another machine may not have the link; only a link that exists here counts.
        link = find_escaping_link(path, self.roots)
        if link is None:
            return None
        target = _followed(path)
        folder = self._root_for(target if is_folder else target.parent)
        return OutOfReach("link", act, str(path), link=str(link), folder=folder)

    @cached_property
    def _uploads(self) -> OutOfReach | None:
        """Return the reason that containers cannot read uploaded files; None if they can."""
        return self.find((self.inputs or "").rstrip("/"), "read", is_folder=True)

    def _path_of(self, place: str) -> str:
        """Return the path of an input that is not uploaded; "" if it has none."""
        if "://" not in place:
            return place
        try:
            return str(path_of(place)) if place.startswith("file:") else ""
        except StorageDenied:
            return ""

    def _root_for(self, folder: Path) -> Path:
        if self.here is not None and self.here.parent != self.here and folder.is_relative_to(self.here):
            return self.here
        return folder

    def _is_within(self, path: Path) -> bool:
        """Return True if the path, its links followed here, is under a root; containers check again."""
        try:
            return is_within(path.resolve(), self.roots)
        except (OSError, RuntimeError):
            return False

    def _names(self, written: Path) -> bool:
        return any(written.is_relative_to(root) for root in self.roots)


def _written(path: Path) -> Path:
    """Return the path without `..`; links are not followed."""
    return Path(os.path.normpath(path))


def _followed(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return _written(path)


def _with_further(why: Reason, others: Sequence[Reason]) -> Reason:
    """Add the other places with the same reason, each once."""
    places = tuple({each.plain(): each for each in others}.values())
    if not places:
        return why
    if len(places) <= _MAX_PLACES:
        return Reason(Code.SAME_HOLDS, {"mistake": why, "places": places})
    more = len(places) - _MAX_PLACES
    return Reason(Code.SAME_HOLDS_FURTHER, {"mistake": why, "places": places[:_MAX_PLACES], "more": more})
