"""Reads a profile: options of a transcoding in a TOML file of the caller, or in one that is built in."""

import tomllib
from pathlib import Path
from typing import get_args

from producer.codes import Code
from producer.places import local_path
from producer.requests.scenes import Malformed, read_model
from scenequeue.errors import Mistake, inside
from scenequeue.jobs.transcode.options import ProfileName, TranscodeOptions
from scenequeue.quoted import shorten
from scenequeue.reasons import Reason

BUILT_IN: tuple[str, ...] = get_args(ProfileName)
_FOLDER = Path(__file__).parents[1] / "profiles"
#: Largest file that is read.
_MAX_BYTES = 1024 * 1024


def profile_options(profile: str | Path) -> tuple[TranscodeOptions, list[Mistake]]:
    """Return the options of a profile, and its mistakes with file and field; an unreadable option has its default.

    Args:
        profile: name of a built-in one, or path of a TOML file with the names of TranscodeOptions.
    """
    name = str(profile)
    path = _FOLDER / f"{name}.toml" if name in BUILT_IN else Path(name)
    try:
        if not name:
            return _refused(Reason(Code.PLACE_EMPTY))
        if not path.is_file():
            code = Code.NOT_FILE if path.exists() else Code.PROFILE_UNKNOWN
            return _refused(Reason(code, {"path": name, "known": ", ".join(BUILT_IN)}))
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            return _refused(Reason(Code.PROFILE_TOO_LARGE, {"path": name, "limit": _MAX_BYTES}))
        fields = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        return _refused(Reason(Code.LOCAL_FILE_UNREADABLE, {"path": name, "problem": error.strerror or str(error)}))
    except (ValueError, RecursionError) as error:
        return _refused(Reason(Code.PROFILE_MALFORMED, {"path": name, "problem": shorten(error)}))
    try:
        return _from_folder(path.parent, read_model(TranscodeOptions, fields)), []
    except Malformed as error:
        return _from_folder(path.parent, error.rest), [in_profile(profile, mistake) for mistake in error.mistakes]


def in_profile(profile: str | Path, mistake: Mistake) -> Mistake:
    """Return a mistake with the profile in which it is."""
    return Mistake(("profile",), inside(Reason(Code.PROFILE, {"profile": str(profile)}), mistake.reason))


def _from_folder(folder: Path, options: TranscodeOptions) -> TranscodeOptions:
    """Return options whose local files are named from the profile's folder."""
    file = None if options.watermark is None else local_path(options.watermark)
    return options if file is None else options.model_copy(update={"watermark": str(folder / file)})


def _refused(reason: Reason) -> tuple[TranscodeOptions, list[Mistake]]:
    return TranscodeOptions(), [Mistake(("profile",), inside("profile", reason))]
