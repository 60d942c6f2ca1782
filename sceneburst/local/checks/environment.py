"""The environment's variables: names that nobody reads, values that nobody can, folders that are not there."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dispatcher.fleets.settings import DockerSettings, FargateSettings
from sceneburst.local.checks.finding import Check, good, wrong
from scenequeue.errors import SettingsError
from scenequeue.settings import ApiSettings, DispatcherSettings, ProducerSettings, SceneburstSettings, WorkerSettings

PREFIX = "SCENEBURST_"
_EVERYWHERE: tuple[type[SceneburstSettings], ...] = (ProducerSettings, WorkerSettings, DispatcherSettings, ApiSettings)
_BY_FLEET: Mapping[str, type[SceneburstSettings]] = {"docker": DockerSettings, "fargate": FargateSettings}
#: Read without a settings class.
_BESIDES = frozenset({"SCENEBURST_FFMPEG"})
#: How alike, as difflib counts, a name without our prefix is to one of ours that was misspelt there.
_ALIKE = 0.85


def known_names() -> set[str]:
    """Every variable that some program reads."""
    classes = (*_EVERYWHERE, *_BY_FLEET.values())
    return {f"{PREFIX}{name.upper()}" for model in classes for name in model.model_fields} | _BESIDES


def unknown_names(environment: Mapping[str, str]) -> Iterator[Check]:
    """Variables that look like ours, and that nobody reads: a misspelt one changes nothing, silently."""
    known = known_names()
    for name in sorted(environment):
        near = _nearest(name.upper(), known)
        if name.upper() in known or not (near or name.upper().startswith(PREFIX)):
            continue
        mend = f"did you mean {near}?" if near else "take it away; docs/settings.md lists all there are"
        yield wrong(name, "no program reads a variable of this name", mend)


def _nearest(name: str, known: set[str]) -> str | None:
    """The known name that is most like it; the prefix, which all share, makes no two names alike."""
    if not name.startswith(PREFIX):
        return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)), None)
    ends = [each.removeprefix(PREFIX) for each in known]
    return next((PREFIX + end for end in difflib.get_close_matches(name.removeprefix(PREFIX), ends, n=1)), None)


def values(fleet: str) -> Iterator[Check]:
    """Values that a program would refuse at its start."""
    said: set[str] = set()
    for model in (*_EVERYWHERE, *([_BY_FLEET[fleet]] if fleet in _BY_FLEET else [])):
        try:
            # What is read of the address is checked when it is used.
            _ = model.load().redis_address
        except SettingsError as error:
            said |= set(re.split(rf"; (?={PREFIX})", str(error)))
    for problem in sorted(said):
        # One of several settings together has no colon after the first.
        name, _, why = problem.partition(" ")
        name = name.removesuffix(":")
        if why == "Field required":
            yield wrong(name, f"is not set, and the fleet {fleet!r} needs it", "set it; docs/settings.md says to what")
        else:
            yield wrong(name, why, "correct it; docs/settings.md says what it may be")
    if not said:
        yield good("settings", f"all that are set can be read; the fleet is {fleet!r}")


def folders(settings: SceneburstSettings) -> Iterator[Check]:
    """Folders that settings name, and that must be there."""
    for root in settings.file_roots:
        name = "SCENEBURST_FILE_ROOTS"
        if not root.is_dir():
            yield wrong(name, f"{root} is no folder on this machine", "make it or mount it, or correct the list")
        elif not os.access(root, os.R_OK | os.X_OK):
            yield wrong(name, f"{root} may not be read by this user", f"chmod or chown it, e.g. chmod u+rx {root}")
        else:
            yield good(name, str(root))
    if settings.alive_file is not None and not Path(settings.alive_file).parent.is_dir():
        mend = "make its folder: without it, health checks call the program dead"
        yield wrong("SCENEBURST_ALIVE_FILE", f"{settings.alive_file.parent} is no folder", mend)


def chosen_fleet(environment: Mapping[str, str]) -> str:
    """The fleet's name as the dispatcher reads it; `process` where it cannot."""
    named = {name.upper(): value for name, value in environment.items()}.get("SCENEBURST_FLEET", "process")
    return named if named in {"process", *_BY_FLEET} else "process"
