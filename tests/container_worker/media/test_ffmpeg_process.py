"""An ffmpeg of a media child: fed, read, and gone on every way out."""

import sys
import threading
from pathlib import Path

import psutil
import pytest

from container_worker.codes import Code
from container_worker.media.ffmpeg_process import FfmpegProcess, read_version_report
from scenequeue.errors import ToolFailed

_SLEEP = "import time; time.sleep(600)"


def _process(folder: Path, program: str, **more: bool) -> FfmpegProcess:
    return FfmpegProcess([sys.executable, "-I", "-S", "-c", program], folder, Code.SCENE_NOT_ENCODED, **more)


def _sleepers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if _SLEEP in child.cmdline()]


def test_all_that_is_written_arrives_and_the_report_comes_back(tmp_path: Path) -> None:
    """However much a pipe holds."""
    count = "import sys; print(len(sys.stdin.buffer.read()), file=sys.stderr)"
    with _process(tmp_path, count, has_input=True, has_report=True) as process:
        for _ in range(3):
            process.write(bytes(1_000_000))
        assert process.finish() == "3000000\n"


def test_a_buffer_is_filled_from_as_many_reads_as_it_takes(tmp_path: Path) -> None:
    """And a second one goes on where the first has ended."""
    buffers = [bytearray(700_000), bytearray(300_000)]
    with _process(tmp_path, "import sys; sys.stdout.buffer.write(bytes(range(250)) * 4000)", has_output=True) as process:
        for buffer in buffers:
            process.read_into(memoryview(buffer))
        process.finish()
    assert b"".join(buffers) == bytes(range(250)) * 4000


def test_an_end_with_a_code_is_an_error_that_quotes_the_last_of_what_was_said(tmp_path: Path) -> None:
    """With the code, and with what it was doing."""
    program = "import sys; sys.exit('x' * 5000 + ' the last words')"
    with (
        pytest.raises(ToolFailed, match=r"^ffmpeg ended with code 1 while it encoded the scene\nx+ the last words$") as caught,
        _process(tmp_path, program, has_report=True) as process,
    ):
        process.finish()
    assert len(str(caught.value)) < 2100


@pytest.mark.parametrize("code", [0, 3])
def test_a_process_that_ends_before_it_has_read_everything_has_failed(tmp_path: Path, code: int) -> None:
    """With any code: the video would be cut short."""
    with (
        pytest.raises(ToolFailed, match=rf"^ffmpeg ended with code {code} while it encoded the scene$"),
        _process(tmp_path, f"raise SystemExit({code})", has_input=True) as process,
    ):
        process.write(bytes(10_000_000))


def test_a_process_that_ends_before_a_buffer_is_full_has_failed(tmp_path: Path) -> None:
    """Half a picture is none."""
    with (
        pytest.raises(ToolFailed, match=r"^ffmpeg ended with code 0 while it encoded the scene$"),
        _process(tmp_path, "print('half')", has_output=True) as process,
    ):
        process.read_into(memoryview(bytearray(100)))


def test_no_process_is_left_where_its_caller_fails(tmp_path: Path) -> None:
    """Whatever the error; it stays the caller's."""
    with pytest.raises(ZeroDivisionError), _process(tmp_path, _SLEEP, has_input=True):
        _ = len(_sleepers()) / 0
    assert _sleepers() == []


def test_a_killed_process_ends_a_read_in_another_thread(tmp_path: Path) -> None:
    """As the renderer of subtitles is ended while it waits for a picture."""
    errors: list[Exception] = []

    def read() -> None:
        try:
            process.read_into(memoryview(bytearray(100)))
        except ToolFailed as error:
            errors.append(error)

    with _process(tmp_path, _SLEEP, has_output=True) as process:
        reader = threading.Thread(target=read)
        reader.start()
        process.kill()
        reader.join(60)
        process.close()
    ending = "was killed by signal 9 (SIGKILL), perhaps because memory ran out"
    assert [str(error) for error in errors] == [f"ffmpeg {ending} while it encoded the scene"]


def test_a_program_that_cannot_be_run_has_no_version(tmp_path: Path) -> None:
    """No more than one that says nothing."""
    program = tmp_path / "ffmpeg"
    assert read_version_report(program) == ""
    program.write_text("#!/bin/sh\necho ffmpeg version 9\n")
    assert read_version_report(program) == ""
    program.chmod(0o755)
    assert read_version_report(program) == "ffmpeg version 9\n"
