"""A stand-in for ffmpeg that writes down what it is asked, and then does it."""

import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from container_worker.media.ffmpeg import find_ffmpeg

#: Between arguments, and between calls.
_UNIT, _RECORD = "\x1f", "\x1e"
#: Video that is not encoded lossily, and what is measured or drawn and never becomes a file.
_NO_ENCODE = ("copy", "rawvideo")
_NO_FILE = ("rawvideo", "null")


class Recorder:
    """The calls of a stand-in; `SCENEBURST_FFMPEG` names it as long as the test runs.

    Args:
        folder: for the program; the folders that children work in must lie in it.
        monkeypatch: of the test.
        lacks: a library that the stand-in says it was built without.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, lacks: str = "") -> None:
        self._folder = folder
        program, real = folder / "ffmpeg", shlex.quote(str(find_ffmpeg().path))
        hide = f"| sed s/--enable-{lacks}//" if lacks else ""
        program.write_text(
            "#!/bin/sh\n"
            f'case "$*" in *-version*) {real} "$@" {hide}; exit;; esac\n'
            # One printf is one write: calls that begin at the same time stand one after the other.
            f"printf '%s{_UNIT}' \"$@\" '{_RECORD}' >> ffmpeg-calls\n"
            f'exec {real} "$@"\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("SCENEBURST_FFMPEG", str(program))

    def calls(self) -> list[list[str]]:
        """The arguments of every call so far."""
        # Each child writes into its own folder, as it may write nowhere else.
        texts = [record.read_text(encoding="utf-8") for record in self._folder.rglob("ffmpeg-calls")]
        return [call.split(_UNIT)[:-1] for text in texts for call in text.split(_RECORD + _UNIT)[:-1]]

    def encodes(self) -> list[str]:
        """The encoder of every call that makes video, raw frames and copies apart."""
        return [codec for call in self._kept() if (codec := _after(call, "-c:v")) not in _NO_ENCODE]

    def sound_encodes(self) -> list[str]:
        """The encoder of every call that makes sound."""
        return [codec for call in self._kept() if (codec := _after(call, "-c:a")) is not None]

    def _kept(self) -> list[list[str]]:
        """Calls whose output is a file, neither raw pictures nor nothing."""
        return [call for call in self.calls() if _after(call, "-f") not in _NO_FILE]


def _after(call: list[str], option: str) -> str | None:
    """The last value of an option: inputs come before the output."""
    return next((value for name, value in reversed(list(pairwise(call))) if name == option), None)
