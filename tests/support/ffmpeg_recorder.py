"""A stand-in for ffmpeg that records its arguments, and then runs ffmpeg."""

import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from container_worker.media.ffmpeg import find_ffmpeg

#: Separators of arguments and of calls.
_UNIT, _RECORD = "\x1f", "\x1e"
#: Codecs that encode nothing, and formats that are not written to a file.
_NO_ENCODE = ("copy", "rawvideo")
_NO_FILE = ("rawvideo", "null")


class Recorder:
    """The recorded calls; `SCENEBURST_FFMPEG` names the stand-in for the length of the test.

    Args:
        folder: for the program; the folders that children work in must lie in it.
        monkeypatch: of the test.
        lacks: a library that the stand-in claims to be built without.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, lacks: str = "") -> None:
        self._folder = folder
        program, real = folder / "ffmpeg", shlex.quote(str(find_ffmpeg().path))
        hide = f"| sed s/--enable-{lacks}//" if lacks else ""
        program.write_text(
            "#!/bin/sh\n"
            f'case "$*" in *-version*) {real} "$@" {hide}; exit;; esac\n'
            # One printf is one write, so that simultaneous calls do not mix.
            f"printf '%s{_UNIT}' \"$@\" '{_RECORD}' >> ffmpeg-calls\n"
            f'exec {real} "$@"\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("SCENEBURST_FFMPEG", str(program))

    def calls(self) -> list[list[str]]:
        """Return the arguments of every call so far."""
        # Each child may write into its own folder only.
        texts = [record.read_text(encoding="utf-8") for record in self._folder.rglob("ffmpeg-calls")]
        return [call.split(_UNIT)[:-1] for text in texts for call in text.split(_RECORD + _UNIT)[:-1]]

    def encodes(self) -> list[str]:
        """Return the encoder of every call that encodes video; not raw frames and copies."""
        return [codec for call in self._kept() if (codec := _after(call, "-c:v")) not in _NO_ENCODE]

    def sound_encodes(self) -> list[str]:
        """Return the encoder of every call that encodes sound."""
        return [codec for call in self._kept() if (codec := _after(call, "-c:a")) is not None]

    def _kept(self) -> list[list[str]]:
        """Return the calls whose output is a media file."""
        return [call for call in self.calls() if _after(call, "-f") not in _NO_FILE]


def _after(call: list[str], option: str) -> str | None:
    """Return the last value of an option, which is the output's, as inputs come first."""
    return next((value for name, value in reversed(list(pairwise(call))) if name == option), None)
