"""`sceneburst transcode` in a process of its own, from the source to the verified files."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from sceneburst.exit_codes import Exit
from tests.sceneburst.program import PROGRAM, Run, leftovers
from tests.support.numbered_clips.checking import sound_faults, start_shift_s, video_faults
from tests.support.numbered_clips.making import encode, run_ffmpeg
from tests.support.waiting import wait_until

_RENDITION = {
    "name",
    "output",
    "width",
    "height",
    "codec",
    "frames",
    "duration_s",
    "bytes",
    "bitrate",
    "crf",
    "target_vmaf",
    "predicted_vmaf",
}


def test_a_video_is_cut_encoded_joined_and_verified_without_the_loss_of_a_frame(run: Run, tmp_path: Path) -> None:
    """Every frame is there once; the rung that is larger than the source is named; nothing but the files is left."""
    source = encode(tmp_path / "my film.mp4", 75, size=(480, 288))
    rungs = ("--rendition", "240p", "--rendition", "1080p")
    ended = run("transcode", str(source), "--output", str(tmp_path / "out"), *rungs, "--segment-seconds", "1", "--json")
    assert ended.returncode == Exit.OK, ended.stdout + ended.stderr
    report = json.loads(ended.stdout)
    assert (report["state"], report["segments"], report["hls"], report["errors"]) == ("done", 3, None, [])
    assert (report["source"]["width"], report["source"]["frames"]) == (480, 75)
    (rendition,) = report["renditions"]
    assert rendition.keys() == _RENDITION
    assert (rendition["name"], rendition["width"], rendition["height"], rendition["frames"]) == ("240p", 400, 240, 75)
    checks = report["verification"]["checks"]
    assert {check["ok"] for check in checks} == {True}
    assert {"frames", "packets", "sync"} <= {check["name"] for check in checks}
    assert [note["code"] for note in report["notes"]] == ["rendition_above_source"]
    assert report["totals"].keys() == {"wall_s", "cpu_s", "processing_s", "estimated_cost_usd", "containers"}
    made = tmp_path / "out" / "my film-240p.mp4"
    assert rendition["output"] == f"file://{made}"
    assert video_faults(source, made, range(75)) == []
    assert sound_faults(source, made, 0, 0, start_shift_s(source, made), is_copied=True) == []
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["my film-240p.mp4", "my film-report.json"]
    assert leftovers(tmp_path) == []


def test_the_size_of_a_copied_picture_that_lies_on_its_side_is_the_one_that_is_shown(run: Run, tmp_path: Path) -> None:
    """As that of the source is."""
    run_ffmpeg("-display_rotation", "90", "-i", encode(tmp_path / "a.mp4", 5, size=(96, 64)), "-c", "copy", tmp_path / "b.mp4")
    words = (str(tmp_path / "b.mp4"), "--codec", "copy", "--output", str(tmp_path / "out"), "--json")
    report = json.loads(run("transcode", *words).stdout)
    (made,) = report["renditions"]
    assert (made["width"], made["height"]) == (report["source"]["width"], report["source"]["height"]) == (64, 96)


def test_a_source_that_is_no_video_is_named_and_nothing_is_left(run: Run, tmp_path: Path) -> None:
    """Not even the folder of the output. An address of a file is as good as its path."""
    (tmp_path / "film.mp4").write_text("I am no film")
    ended = run("transcode", (tmp_path / "film.mp4").as_uri(), "--output", str(tmp_path / "out"), "--json")
    assert ended.returncode == Exit.FAILED
    report = json.loads(ended.stdout)
    assert "film.mp4 is a text file, not a video" in report["errors"][0]["error"]
    assert report["source"]["uri"] == (tmp_path / "film.mp4").as_uri()
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("/no/film.mp4",), "error: source: there is no file /no/film.mp4"),
        (("{film}", "--container", "webm", "--codec", "h264"), "error: --codec: webm cannot hold h264; it holds av1"),
        (("{film}", "--codec", "copy", "--rendition", "720p"), "error: --rendition: a picture that is copied keeps its size"),
        (("{film}", "--crf", "20", "--target-vmaf", "93"), "error: --target-vmaf: the constant rate factor is chosen for this"),
        (("{film}", "--rendition", "721p"), "error: --rendition: must be '240p', "),
        (("{film}", "--max-bitrate", "4M", "--codec", "copy"), "error: --max-bitrate: a picture that is copied"),
        (("{film}", "--max-bitrate", "fast"), "--max-bitrate: 'fast' is no bit rate; 4M, 2500k and 2500 (kbit/s) are"),
        (("{film}", "--profile", "{film}"), "error: profile: {film} is not TOML in UTF-8"),
        (("{film}", "--profile", "web", "--container", "webm"), "error: profile web: codec: webm cannot hold h264; it holds av1"),
        (("{film}", "--submit"), "--output: --submit needs an output"),
        (("{film}", "--submit", "--output", "s3://b/o", "--containers", "2"), "--containers: it is for a run on this machine"),
        (("{film}", "--lane", "bulk"), "--lane: it needs --submit"),
        (("{film}", "--wait"), "--wait: it needs --submit"),
        (("{film}", "--label", "shop=north"), "--label: it needs --submit"),
    ],
)
def test_a_mistake_in_the_command_is_told_before_anything_starts(
    run: Run, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """With the exit code of mistakes."""
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    ended = run("transcode", *(word.format(film=film) for word in words))
    assert ended.returncode == Exit.USAGE
    assert told.format(film=film) in ended.stderr


def test_an_interrupted_transcoding_leaves_nothing_behind(environment: dict[str, str], tmp_path: Path) -> None:
    """No process, no working file, no temporary file."""
    source = encode(tmp_path / "film.mp4", 250, size=(480, 288))
    argv = [*PROGRAM, "transcode", str(source), "--output", str(tmp_path / "out"), "--segment-seconds", "1"]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        wait_until(lambda: any((tmp_path / "out").rglob("plan.json")), "the source was probed", 60)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=60)
    assert program.returncode == Exit.INTERRUPTED
    assert said.splitlines()[-1] == "interrupted; nothing was left running"
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


def test_a_transcoding_is_submitted_to_a_running_sceneburst(run: Run, tmp_path: Path) -> None:
    """Once for its id; other commands know it."""
    (tmp_path / "film.mp4").write_bytes(b"film")
    words = ("transcode", str(tmp_path / "film.mp4"), "--submit", "--output", "s3://bucket/out", "--job-id", "t1")
    first, again = run(*words), run(*words, "--json")
    assert (first.returncode, again.returncode) == (Exit.OK, Exit.OK), first.stderr
    assert first.stdout.splitlines() == [
        f"job t1: {tmp_path / 'film.mp4'}, active", "`sceneburst watch t1` follows it",
    ]  # fmt: skip
    assert (json.loads(again.stdout)["job_id"], json.loads(again.stdout)["stages"]) == ("t1", 4)
    assert run("cancel", "t1").returncode == Exit.OK
    # It has ended, as the same job; waiting for it takes no time.
    waited = run(*words, "--wait")
    assert (waited.returncode, waited.stdout) == (Exit.FAILED, f"job t1: {tmp_path / 'film.mp4'}, cancelled\n")
    labelled = json.loads(run(*words[:-1], "t2", "--label", "shop=north", "--lane", "bulk", "--json").stdout)
    assert (labelled["labels"], labelled["lane"]) == ({"shop": "north"}, "bulk")
    assert run("cancel", "t2").returncode == Exit.OK
