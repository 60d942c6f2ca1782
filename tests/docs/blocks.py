"""The code blocks of a page of documentation, run in order as a reader would run them."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from ruamel.yaml import YAML

from scenequeue.jobs.transcode.options import TranscodeOptions

ROOT = Path(__file__).parent.parent.parent
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: A first line such as `# job.yaml` says which file the reader is to make of the block.
_FILE = re.compile(r"# ([\w.-]+\.(?:yaml|json|py))(?:\W.*)?$")
_PROGRAM = re.compile(r"^sceneburst (up|api|dispatcher|worker)(?![\w-])", re.MULTILINE)
#: Where a page's API listens; tests take a free port in its place.
_API = "127.0.0.1:8080"
_LIMIT_S = 150.0


@dataclass(frozen=True)
class Block:
    """A fenced block; one without a language is output, or a picture."""

    page: str
    language: str
    text: str
    #: The block right after it, when that is output.
    output: str = ""

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0]


def pages() -> list[str]:
    """README and everything under docs/, by their paths."""
    return ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


def blocks_of(page: str) -> list[Block]:
    """Its blocks in a language, in order."""
    text = (ROOT / page).read_text()
    found = []
    for fence in _FENCE.finditer(text):
        after = _FENCE.match(text, fence.end() + 1)
        if fence[1]:
            found.append(Block(page, fence[1], fence[2], after[2] if after and not after[1] else ""))
    return found


class Reader:
    """Someone who does what a page says, in one folder: exported variables last from block to block.

    Args:
        folder: where; `sceneburst up` is told to share it.
        environment: of the first block.
        api_port: taken instead of 8080.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], api_port: int) -> None:
        self.folder, self._api_port = folder, api_port
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("SCENEBURST_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**inherited, **environment, "PATH": path, "SCENEBURST_API_PORT": str(api_port)}
        # An answer that refuses is an error, also where the page does not look at it.
        (folder / ".curlrc").write_text("silent\nfail-with-body\nnoproxy = *\n")
        self._environment["CURL_HOME"] = str(folder)
        self._exported = folder / ".exported"
        self._exported.touch()
        self._programs: list[subprocess.Popen[str]] = []

    def run(self, block: Block) -> None:
        """Do what a block says; an assertion names what went wrong."""
        text = block.text.replace(_API, f"127.0.0.1:{self._api_port}")
        named = _FILE.match(block.first_line)
        if named:
            (self.folder / named[1]).write_text(text)
        if block.language == "json":
            json.loads(text)
        elif block.language == "yaml":
            YAML(typ="safe").load(text)
        elif block.language == "toml":
            TranscodeOptions.model_validate(tomllib.loads(text))
        elif block.language == "python":
            (self.folder / "example.py").write_text(text)
            said = self._bash("python example.py")
            if block.output:
                pattern = re.escape(block.output.strip()).replace("…", ".*")
                assert re.fullmatch(pattern, said.strip()), f"{block.page} promises\n{block.output}and it is\n{said}"
        elif block.language == "sh":
            if _PROGRAM.search(text):
                self._start(text)
            else:
                self._bash(text)
        else:
            raise AssertionError(f"{block.page}: nobody knows how to run {block.language!r}")

    def _wrapped(self, text: str) -> list[str]:
        exported = shlex.quote(str(self._exported))
        return ["bash", "-c", f"set -eu -o pipefail\n. {exported}\n{text}\nexport -p > {exported}"]

    def _bash(self, text: str) -> str:
        ended = subprocess.run(
            self._wrapped(text), cwd=self.folder, env=self._environment, capture_output=True, text=True,
            timeout=_LIMIT_S, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert ended.returncode == 0, f"{text}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def _start(self, text: str) -> None:
        """A program that stays: the reader takes another terminal, with what it says to export."""
        log = self.folder / f"program{len(self._programs)}.log"
        with log.open("wb") as errors:
            program = subprocess.Popen(
                self._wrapped(text), cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, stderr=errors, text=True,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._programs.append(program)
        assert program.stdout is not None
        kind = _PROGRAM.findall(text)[-1]
        if kind == "up":
            said = [program.stdout.readline() for _ in range(3)]
            assert all(line.startswith("export ") for line in said), log.read_text()
            with self._exported.open("a") as exported:
                exported.writelines(said)
        if kind == "api":
            self._wait_for_api(program, log)

    def _wait_for_api(self, program: subprocess.Popen[str], log: Path) -> None:
        deadline = time.monotonic() + _LIMIT_S
        while True:
            assert program.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                httpx.get(f"http://127.0.0.1:{self._api_port}/healthz", trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for program in reversed(self._programs):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGINT)
            try:
                program.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
                program.wait()
            assert program.stdout is not None
            program.stdout.close()
