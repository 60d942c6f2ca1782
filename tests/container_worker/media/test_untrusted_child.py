"""Nothing that a renderer taken over by its input leaves behind or prints harms the worker or is delivered."""

import errno
import json
import math
import os
import string
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from container_worker.media.child_messages import MAX_WARNINGS
from container_worker.media.child_process import run_child_job
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.scene.worker import RenderReport
from container_worker.sandbox.child import run_child
from container_worker.sandbox.limits import Limits
from container_worker.sandbox.outputs import open_output, output_bytes
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.reasons import Reason
from scenequeue.reasons.endings import ending_of
from tests.container_worker.media.conftest import Made

DONE = {"done": {"duration_s": 1.0, "frames": 25}}


def _secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("of the worker")
    return path


FAKES: dict[str, Callable[[Path, Path], object]] = {
    "a symbolic link": lambda path, secret: path.symlink_to(secret),
    "another name of a file": lambda path, secret: path.hardlink_to(secret),
    "a folder": lambda path, _secret: path.mkdir(),
    "a pipe": lambda path, _secret: __import__("os").mkfifo(path),
    "a link to itself": lambda path, _secret: path.symlink_to(path),
    "a device": lambda path, _secret: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("fake", FAKES)
@pytest.mark.parametrize("name", ["scene.mp4", "poster.jpg", "captions.vtt"])
def test_only_a_file_of_the_renderers_own_is_delivered(tmp_path: Path, name: str, fake: str) -> None:
    """Whatever else lies there in its place is an error that names it."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    FAKES[fake](folder / name, _secret(tmp_path))
    with pytest.raises(ToolFailed, match=f"{name} is not delivered: "), open_output(folder / name):
        pass
    with pytest.raises(ToolFailed, match=name):
        output_bytes(folder / name)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO])
def test_a_machine_that_can_open_no_file_is_not_the_renderers_fault(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error stays the system's, so that the container's own condition is looked at."""
    (tmp_path / "scene.mp4").write_text("the video")

    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("container_worker.sandbox.outputs.os.open", refuse)
    with pytest.raises(OSError, match=os.strerror(number)), open_output(tmp_path / "scene.mp4"):
        pass


def test_a_folder_that_was_swapped_for_a_link_delivers_nothing(tmp_path: Path) -> None:
    """The scratch folder itself is not followed elsewhere either."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "scene.mp4").write_text("of another")
    (tmp_path / "scratch").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ToolFailed, match="something else"), open_output(tmp_path / "scratch" / "scene.mp4"):
        pass


def test_a_file_is_delivered_as_it_was_opened_whatever_becomes_of_its_name(tmp_path: Path) -> None:
    """Between being checked and being read it may be swapped."""
    made = tmp_path / "scene.mp4"
    made.write_text("the video")
    with open_output(made) as opened:
        made.unlink()
        made.symlink_to(_secret(tmp_path))
        assert opened is not None
        assert opened.read_text() == "the video"
    with open_output(tmp_path / "none") as nothing:
        assert nothing is None


def test_an_encoder_that_leaves_a_link_in_the_videos_place_delivers_no_file_of_the_worker(
    make: Callable[..., Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From end to end, with an ffmpeg that was taken over."""
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    real, secret = find_ffmpeg().path, _secret(tmp_path)
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *scene.mp4*) cat > /dev/null; ln -s {secret} scene.mp4; exit 0;; esac\nexec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("SCENEBURST_FFMPEG", str(program))
    with pytest.raises(ToolFailed, match=r"scene\.mp4 is not delivered: "):
        make({})
    assert list(tmp_path.glob("scratch*/made.mp4")) == []


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Lets a child say these lines to its parent, in place of a renderer."""

    def say(*lines: object, slot: Any = None, last_line: str | None = None) -> Any:
        def run(_argv: object, **more: Any) -> int:
            text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
            (tmp_path / "said").write_text(text + "\n")
            program = f"import sys; sys.stdout.write(open('said').read()); sys.exit({last_line!r})"
            argv = [sys.executable, "-I", "-S", "-c", program]
            return run_child(argv, **more)

        monkeypatch.setattr("container_worker.media.child_process.run_child", run)
        more = {"slot": slot} if slot else {}
        return run_child_job(
            "nothing", {}, tmp_path, limits=Limits(wall_s=60), on_progress=lambda _share: None, should_stop=None,
            ffmpeg=find_ffmpeg().path, **more,
        )  # fmt: skip

    return say


def test_what_a_renderer_says_is_taken_in(say: Callable[..., Any]) -> None:
    """As far as it keeps to what renderers say."""
    warning = {"warning": {"code": "narration_damaged", "parameters": {"packets": 2}}}
    made, warnings = say({"ready": True}, {"frame": 1, "of": 25}, warning, DONE)
    assert (made.frames, made.duration_s) == (25, 1.0)
    assert [reason.text for reason in warnings] == ["narration is damaged: 2 packets were left out"]


def _reason(code: str, **parameters: object) -> dict[str, object]:
    return {"code": code, "parameters": parameters}


def _failed(code: str, error: str = "BadInput", **parameters: object) -> dict[str, object]:
    return {"error": error, "reason": _reason(code, **parameters)}


@pytest.mark.parametrize(
    ("sent", "code", "text"),
    [
        (_failed("sound_missing", input="image"), "sound_missing", "image has no sound in it"),
        (_failed("sound_too_short", input="music", length_s=0.05, least_s=0.1),
         "sound_too_short", "music lasts 0.050 s; the shortest allowed is 0.1 s"),
        (_failed("loudness_not_reported", last_lines="a\nb"), "loudness_not_reported", "ffmpeg reported no loudness\na\nb"),
        (_failed("loudness_not_reported", last_lines=5, input=6), "loudness_not_reported", "6: ffmpeg reported no loudness\n5"),
        (_failed("another_version", a="{input}", b=2), "other", "another_version (a: {input}, b: 2)"),
        (_failed("paused"), "other", "paused"),
        (_failed("sound_missing", another="image"), "sound_missing", "sound_missing (another: image)"),
        (_failed("time_exceeded", program="it", limit_s="long"), "time_exceeded", "time_exceeded (program: it, limit_s: long)"),
        (_failed("renderer_unintelligible", message="a\nb"), "renderer_unintelligible",
         "the renderer sent a message that cannot be read: 'a\\nb'"),
    ],
)  # fmt: skip
def test_a_renderers_error_is_one_of_our_reasons_or_somebody_elses_words(
    say: Callable[..., Any], sent: object, code: str, text: str
) -> None:
    """Its code is known, and its parameters may be others than those that belong to the code."""
    with pytest.raises(BadInput) as caught:
        say(sent)
    assert (caught.value.reason.code, str(caught.value)) == (code, text)


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (234, "ended with code 234"),
        (-11, "was killed by signal 11 (SIGSEGV)"),
        (-9, "was killed by signal 9 (SIGKILL), perhaps because memory ran out"),
    ],
)
def test_a_renderers_error_is_followed_by_the_last_lines_of_its_tools(
    say: Callable[..., Any], exit_code: int, words: str
) -> None:
    """They are of stderr, which the renderer shares with its ffmpeg."""
    ending = ending_of(exit_code)
    sent = _failed("scene_not_encoded", "ToolFailed", ending=ending.to_json(), exit_code=exit_code)
    with pytest.raises(ToolFailed) as caught:
        say(sent, last_line="Invalid data found")
    assert str(caught.value) == f"ffmpeg {words} while it encoded the scene\nInvalid data found"
    facts = {"ending": ending, "exit_code": exit_code, "last_lines": "Invalid data found"}
    assert caught.value.reason == Reason("scene_not_encoded", facts)


STRANGE: dict[str, list[object]] = {
    "no JSON": ["I am done"],
    "no object": ["[]"],
    "nested deeply": ["[" * 20_000],
    "another word": [{"please": True}],
    "more than its word": [{**DONE, "output": "/etc/passwd"}],
    "a length that is no number": ['{"done": {"duration_s": NaN, "frames": 1}}'],
    "a length without end": ['{"done": {"duration_s": Infinity, "frames": 1}}'],
    "a length beyond numbers": ['{"done": {"duration_s": 1e999, "frames": 1}}'],
    "a negative length": [{"done": {"duration_s": -1.0, "frames": 1}}],
    "frames beyond a video": [{"done": {"duration_s": 1.0, "frames": 10**30}}],
    "frames of none": [{"frame": 1, "of": 0}],
    "frames that are text": [{"frame": "1", "of": "2"}],
    "an error that drains the container": [_failed("ffmpeg_missing", "SettingsError", oldest=6)],
    "an error that is no error": [_failed("other", "__builtins__", text="x")],
    "an error in words": [{"error": "BadInput", "message": "x"}],
    "an error that is no code": [_failed("{0.__class__}")],
    "a text without end": [_failed("other", text="x" * 50_000)],
    "more than a reason needs": [_failed("other", **{f"x{letter}": 1 for letter in string.ascii_lowercase})],
    "a number that is none": ['{"error": "BadInput", "reason": {"code": "sound_too_short", "parameters": {"length_s": NaN}}}'],
    "a number beyond all": ['{"error": "BadInput", "reason": {"code": "sound_too_short", "parameters": {"length_s": 1e999}}}'],
    "reasons in reasons": [_failed("other", text=_reason("other", text="x"))],
    "a list of reasons": [_failed("item_malformed", problems=[_reason("other", text="x")])],
    "a warning that is no code": [{"warning": {"code": "{0.__class__}", "parameters": {}}}],
    "a warning without end": [{"warning": {"code": "other", "parameters": {"text": "x" * 5_000}}}],
    "a warning of anything": [{"warning": {"code": "other", "parameters": {"text": {"a": [1]}}}}],
    "warnings without end": [{"warning": {"code": "other", "parameters": {}}}] * (MAX_WARNINGS + 2),
    "ready twice": [{"ready": True}, {"ready": True}],
    "a line without end": ["x" * 1_000_000],
}


@pytest.mark.parametrize("case", STRANGE)
def test_what_no_renderer_says_ends_the_attempt(say: Callable[..., Any], case: str) -> None:
    """Whatever it is; the message stays short."""
    with pytest.raises(ToolFailed, match=r"^the renderer (said|sent)") as caught:
        say(*STRANGE[case], DONE)
    assert len(str(caught.value)) < 400


def test_a_report_is_of_the_file_and_not_of_what_was_said_of_it(make: Callable[..., Made]) -> None:
    """Its size is measured by the worker; its length is a number."""
    made = make({})
    assert isinstance(made.report, RenderReport)
    assert made.report.bytes == made.path.stat().st_size
    assert math.isfinite(made.report.duration_s)
