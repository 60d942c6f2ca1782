"""Finds a usable ffmpeg and its abilities."""

import os
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.ffmpeg_process import read_version_report
from scenequeue.errors import BadInput, ProgramUnavailable, SettingsError

#: Oldest ffmpeg that has been tested.
_MIN_MAJOR = 6


@dataclass(frozen=True)
class Ffmpeg:
    """An ffmpeg program that is new and complete enough for rendering."""

    path: Path
    version: str
    has_av1: bool
    has_vmaf: bool = False


def read_version(report: str) -> tuple[int, str, frozenset[str]] | None:
    """Parse the output of `ffmpeg -version` into major version, version text and enabled libraries; None if it is not that.

    A build from git ("N-1234-g…") counts as new.
    """
    found = re.match(r"ffmpeg version (\S+)", report)
    if not found:
        return None
    version = found.group(1)
    number = re.match(r"n?(\d+)\.", version)
    return (int(number.group(1)) if number else 999), version, frozenset(re.findall(r"--enable-(\S+)", report))


def probe_ffmpeg(path: Path) -> Ffmpeg | None:
    """Return this ffmpeg with its abilities; None if it is too old, incomplete, or not ffmpeg."""
    facts = read_version(read_version_report(path))
    if facts is None or facts[0] < _MIN_MAJOR or not {"libx264", "libass"} <= facts[2]:
        return None
    return Ffmpeg(path, facts[1], "libsvtav1" in facts[2], "libvmaf" in facts[2])


@lru_cache(maxsize=4)
def _found(search: str, named: str | None) -> Ffmpeg:
    if named:
        chosen = probe_ffmpeg(Path(named))
        if chosen is None:
            raise SettingsError(Code.FFMPEG_UNUSABLE, setting="SCENEBURST_FFMPEG", program=named, oldest=_MIN_MAJOR)
        return chosen
    on_path = shutil.which("ffmpeg", path=search)
    chosen = probe_ffmpeg(Path(on_path)) if on_path else None
    if chosen is None:
        try:
            import imageio_ffmpeg

            chosen = probe_ffmpeg(Path(imageio_ffmpeg.get_ffmpeg_exe()))
        except (ImportError, RuntimeError):
            chosen = None
    if chosen is None:
        raise ProgramUnavailable(Code.FFMPEG_MISSING, oldest=_MIN_MAJOR)
    return chosen


def find_ffmpeg() -> Ffmpeg:
    """Return the ffmpeg to use: SCENEBURST_FFMPEG, else the one on PATH if good enough, else the imageio-ffmpeg wheel's.

    Raises:
        SettingsError: the one that SCENEBURST_FFMPEG names is not usable.
        ProgramUnavailable: none was found; the message says what to install.
    """
    return _found(os.environ.get("PATH", ""), os.environ.get("SCENEBURST_FFMPEG"))


def find_ffmpeg_for(codec: str) -> Ffmpeg:
    """Return the ffmpeg to use for this codec, `h264` or `av1`.

    Raises:
        BadInput: it cannot encode this codec. SettingsError, ProgramUnavailable: as `find_ffmpeg`.
    """
    program = find_ffmpeg()
    if codec == "av1" and not program.has_av1:
        raise BadInput(Code.AV1_UNAVAILABLE, program=str(program.path))
    return program
