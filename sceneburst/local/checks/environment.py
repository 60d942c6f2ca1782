"""Checks environment variables: unknown names, invalid values, missing folders."""

import contextlib
import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from dispatcher.fleets.settings import DockerSettings, FargateSettings
from sceneburst.local.checks.codes import Code
from sceneburst.local.checks.finding import Check, good, wrong
from sceneburst.web.page_settings import PageSettings
from scenequeue.errors import SceneburstError, SettingsError
from scenequeue.reasons import Reason
from scenequeue.settings import ApiSettings, DispatcherSettings, ProducerSettings, SceneburstSettings, WorkerSettings

PREFIX = "SCENEBURST_"
_EVERYWHERE: tuple[type[SceneburstSettings], ...] = (
    *(ProducerSettings, WorkerSettings, DispatcherSettings, ApiSettings, PageSettings),
)
_BY_FLEET: Mapping[str, type[SceneburstSettings]] = {"docker": DockerSettings, "fargate": FargateSettings}
#: Variables that are read without a settings class.
_BESIDES = frozenset({"SCENEBURST_FFMPEG"})
#: Similarity, by difflib, above which a name without our prefix counts as a misspelt name of ours.
_ALIKE = 0.85


def known_names() -> set[str]:
    """Return every variable that some program reads."""
    classes = (*_EVERYWHERE, *_BY_FLEET.values())
    return {f"{PREFIX}{name.upper()}" for model in classes for name in model.model_fields} | _BESIDES


def unknown_names(environment: Mapping[str, str]) -> Iterator[Check]:
    """Find variables that look like ours but that no program reads: a misspelt one has silently no effect."""
    known = known_names()
    for name in sorted(environment):
        near = _nearest(name.upper(), known)
        if name.upper() in known or not (near or name.upper().startswith(PREFIX)):
            continue
        mend = f"did you mean {near}?" if near else "take it away; docs/settings.md lists all there are"
        yield wrong(Code.VARIABLE_UNKNOWN, name, mend)


def _nearest(name: str, known: set[str]) -> str | None:
    """Return the most similar known name; the common prefix does not count as similarity."""
    if not name.startswith(PREFIX):
        return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)), None)
    ends = [each.removeprefix(PREFIX) for each in known]
    return next((PREFIX + end for end in difflib.get_close_matches(name.removeprefix(PREFIX), ends, n=1)), None)


def values(fleet: str) -> Iterator[Check]:
    """Find values that a program would refuse at its start, by the checks of the programs themselves."""
    found: dict[str, Reason] = {}
    for model in (*_EVERYWHERE, *([_BY_FLEET[fleet]] if fleet in _BY_FLEET else [])):
        try:
            # The address itself is checked when it is used.
            _ = model.load().redis_address
        except SettingsError as error:
            found |= {reason.text: reason for reason in _each(error.reason)}
    for refusal in _refusals(os.environ):
        found |= {reason.text: reason for reason in _each(refusal.reason)}
    for text in sorted(found):
        yield _finding(found[text], fleet)
    if not found:
        yield good(Code.SETTINGS_READABLE, "settings", fleet=fleet)


def _each(reason: Reason) -> tuple[Reason, ...]:
    """Return the reasons that were combined into one."""
    combined = reason.parameters.get("reasons")
    return combined if isinstance(combined, tuple) else (reason,)


def _refusals(environment: Mapping[str, str]) -> Iterator[SceneburstError]:
    """Yield what the dispatcher, and the API if it is set up here, would refuse although each value can be read."""
    # Without the extra there is no dispatcher here; that is reported.
    with contextlib.suppress(ImportError):
        from dispatcher.start_checks import refusals

        yield from refusals(DispatcherSettings.load_readable())
    if any(name.upper().startswith(f"{PREFIX}API_") for name in environment):
        from sceneburst.http_api.auth import check_access

        try:
            check_access(ApiSettings.load_readable())
        except SettingsError as error:
            yield error


def _finding(reason: Reason, fleet: str) -> Check:
    name, problem = str(reason.parameters.get("setting", "settings")), reason.parameters.get("problem")
    if isinstance(problem, Reason) and problem.parameters.get("type") == "missing":
        return wrong(Code.SETTING_ABSENT, name, f"set it{_meaning(name)}", fleet=fleet)
    # A sentence that begins with the setting need not repeat it; in another language it may begin in another way.
    said = reason.text.removeprefix(name).removeprefix(":").lstrip()
    return wrong(reason, name, f"correct it{_meaning(name)}")._replace(said=said)


def _meaning(setting: str) -> str:
    """Return a colon and the setting's description; "" for a name of no setting."""
    field = setting.partition(".")[0].removeprefix(PREFIX).lower()
    described = (model.model_fields[field] for model in (*_EVERYWHERE, *_BY_FLEET.values()) if field in model.model_fields)
    return next((f": {each.description}" for each in described), "")


def folders(settings: SceneburstSettings) -> Iterator[Check]:
    """Check that the folders named by settings exist."""
    for root in settings.file_roots:
        name = "SCENEBURST_FILE_ROOTS"
        if not root.is_dir():
            yield wrong(Code.FOLDER_ABSENT, name, "make it or mount it, or correct the list", folder=str(root))
        elif not os.access(root, os.R_OK | os.X_OK):
            yield wrong(Code.FOLDER_UNREADABLE, name, f"chmod or chown it, e.g. chmod u+rx {root}", folder=str(root))
        else:
            yield good(Code.FOLDER_FOUND, name, folder=str(root))
    if settings.alive_file is not None and not Path(settings.alive_file).parent.is_dir():
        mend = "make its folder: without it, health checks call the program dead"
        yield wrong(Code.PLACE_ABSENT, "SCENEBURST_ALIVE_FILE", mend, folder=str(settings.alive_file.parent))


def chosen_fleet(environment: Mapping[str, str]) -> str:
    """Return the fleet's name as the dispatcher reads it; `process` if that is invalid."""
    named = {name.upper(): value for name, value in environment.items()}.get("SCENEBURST_FLEET", "process")
    return named if named in {"process", *_BY_FLEET} else "process"
