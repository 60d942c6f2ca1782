"""`sceneburst render` in a process of its own, from the manifest to the videos."""

import json
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from sceneburst.exit_codes import Exit
from tests.sceneburst.program import PROGRAM, Run, leftovers, manifest
from tests.support.media import Media
from tests.support.waiting import wait_until


def ours(folder: Path) -> list[str]:
    """Return the command lines of processes whose temporary files are in the test's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR", "").startswith(str(folder / "t")):
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


def test_render_delivers_what_it_can_and_names_what_failed(
    run: Run, media: Media, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Text as image, empty audio, missing file: each named; the good scene, of a linked picture, is there; nothing is left."""
    path = manifest(media, 1)
    job = json.loads(path.read_text())
    (media.folder / "text.jpg").write_text("I am no picture")
    (media.folder / "empty.mp3").touch()
    good = job["scenes"][0]
    away = media.image().rename(tmp_path_factory.mktemp("away") / "picture.jpg")
    Path(good["image"]).symlink_to(away)
    good["subtitles"] = str(media.srt("late.srt", [(5, 6, "late")]))
    job["scenes"] += [
        {**good, "name": "text", "image": str(media.folder / "text.jpg")},
        {**good, "name": "empty", "audio": str(media.folder / "empty.mp3")},
        {**good, "name": "lost", "audio": str(media.folder / "lost.mp3")},
    ]
    path.write_text(json.dumps(job))
    ended = run("render", str(path), "--output", str(tmp_path / "out"), "--json")
    assert ended.returncode == Exit.FAILED, ended.stderr
    report = json.loads(ended.stdout)
    scenes = {scene["name"]: scene for scene in report["scenes"]}
    assert set(scenes["s0"]) == {
        *("name", "state", "output", "duration_s", "bytes", "processing_s", "attempts", "container"),
        *("error", "code", "parameters", "warnings"),
    }
    assert {name: scene["state"] for name, scene in scenes.items()} == {
        "s0": "done",
        "text": "dead",
        "empty": "dead",
        "lost": "dead",
    }
    (warning,) = scenes["s0"]["warnings"]
    assert warning == {"code": "subtitles_outside", "parameters": {}, "text": "no subtitle falls inside the narration"}
    assert "not a picture" in scenes["text"]["error"]
    assert "empty" in scenes["empty"]["error"]
    assert "lost.mp3" in scenes["lost"]["error"]
    assert report["totals"]["succeeded"] == 1
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["s0.mp4"]
    assert leftovers(tmp_path) == []


def test_render_exits_0_when_exactly_the_expected_scene_failed(run: Run, media: Media, tmp_path: Path) -> None:
    """`make demo` relies on this exit code."""
    path = manifest(media, 2)
    job = json.loads(path.read_text())
    job["scenes"][1]["audio"] = "lost.mp3"
    job["scenes"][0]["subtitles"] = str(media.srt("late.srt", [(5, 6, "late")]))
    path.write_text(json.dumps(job))
    output = ("--output", str(tmp_path / "out"))
    ended = run("render", str(path), *output, "--expect-failure", "s1")
    assert ended.returncode == Exit.OK
    assert ended.stdout.splitlines()[-1] == f"videos in {tmp_path / 'out'}"
    assert "warning: s0: no subtitle falls inside the narration" in ended.stdout + ended.stderr
    assert run("render", str(path), *output, "--expect-failure", "s0").returncode == Exit.FAILED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_render_leaves_nothing_behind(
    environment: dict[str, str], media: Media, tmp_path: Path, number: signal.Signals
) -> None:
    """No process, no socket, no temporary file."""
    path = manifest(media, 3, seconds=60)
    argv = [*PROGRAM, "render", str(path), "--output", str(tmp_path / "out")]
    program = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_until(lambda: any("container_worker.media.scene" in command for command in ours(tmp_path)), "a scene renders")
    program.send_signal(number)
    assert program.stderr is not None
    said = next(line for line in program.stderr if b"interrupted" in line or b"Traceback" in line)
    # While it ends, too.
    program.send_signal(number)
    _, more = program.communicate(timeout=60)
    assert program.returncode == Exit.INTERRUPTED
    assert said.startswith(b"interrupted; nothing was left running")
    assert more == b""
    wait_until(lambda: not ours(tmp_path), "every process is gone")
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "out").exists(), "an output folder that is empty, and was not there before"


def test_a_killed_worker_changes_nothing_in_the_outcome(environment: dict[str, str], media: Media, tmp_path: Path) -> None:
    """Kill -9 in the middle of a render: every scene is delivered all the same."""
    path = manifest(media, 3, seconds=8)
    argv = [*PROGRAM, "render", str(path), "--output", str(tmp_path / "out"), "--json"]
    program = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def worker() -> psutil.Process | None:
        for process in psutil.process_iter():
            try:
                is_worker = "container_worker" in process.cmdline()
                if is_worker and process.environ().get("TMPDIR") == str(tmp_path / "t"):
                    # Losing a container counts as an attempt once the encoder runs; before that, the scene is only prepared.
                    for child in process.children(recursive=True):
                        # What starts it has its arguments, too, and would not hear of the worker's death while it stands still.
                        if "scene.mp4" in child.cmdline() and "ffmpeg" in Path(child.exe()).name:
                            # It stands still, so that its scene cannot end before its worker does.
                            child.suspend()
                            return process
            except (psutil.Error, OSError):
                continue
        return None

    wait_until(worker, "a worker renders").kill()  # type: ignore[union-attr]
    out, _ = program.communicate(timeout=120)
    assert program.returncode == Exit.OK
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["s0.mp4", "s1.mp4", "s2.mp4"]
    assert max(scene["attempts"] for scene in json.loads(out)["scenes"]) == 2
    wait_until(lambda: not ours(tmp_path), "no process of its is left")
