"""The command line, run as people run it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from sceneburst.exit_codes import Exit
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.sceneburst.program import PROGRAM, Run, manifest
from tests.scenequeue.jobs import done, submit
from tests.support.media import Media
from tests.support.processes import is_alive
from tests.support.reasons import said
from tests.support.waiting import wait_until


def test_up_serves_other_terminals_until_ctrl_c_and_keeps_the_queue_where_told(
    environment: dict[str, str], media: Media, tmp_path: Path
) -> None:
    """Submit from outside, get the video; Ctrl-C leaves no process; a second `up` on the same folder still knows the job."""
    path = manifest(media, 1)
    argv = [*PROGRAM, "up", "--root", str(media.folder), "--root", str(tmp_path / "out"), "--data", str(tmp_path / "kept")]
    for attempt in range(2):
        program = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert program.stdout is not None
        said = [program.stdout.readline() for _ in range(3)]
        told = dict(line.removeprefix("export ").strip().split("=", 1) for line in said)
        theirs = {**environment, **{name: value.strip("'") for name, value in told.items()}}
        words = (
            ["submit", str(path), "--output", str(tmp_path / "out"), "--job-id", "films", "--wait"]
            if attempt == 0
            else ["status", "films", "--json"]
        )
        ended = subprocess.run([*PROGRAM, *words], env=theirs, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 0, ended.stderr
        children = psutil.Process(program.pid).children(recursive=True)
        assert children
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == Exit.INTERRUPTED
        program.communicate()
        assert not [child for child in children if is_alive(child)]
    assert json.loads(ended.stdout)["state"] == "done"
    assert (tmp_path / "out" / "s0.mp4").stat().st_size > 0


def test_an_interrupted_watch_says_that_the_job_goes_on(environment: dict[str, str], queue: SceneQueue) -> None:
    """Nothing that runs elsewhere is claimed to have stopped."""
    submit(queue, "a", 1)
    client = queue._connection.client
    before = {each["id"] for each in client.client_list()}

    def watches() -> bool:
        return any(each["cmd"] == "xread" and each["id"] not in before for each in client.client_list())

    argv = [*PROGRAM, "watch", "a"]
    program = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    wait_until(watches, "it waits for the job's events")
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=60)
    assert program.returncode == Exit.INTERRUPTED, said
    assert said.splitlines()[-1] == "interrupted; job a goes on; `sceneburst watch a` follows it again"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"options": {"resolutoin": "720p"}}, "did you mean 'resolution'?"),
        ({"scenes": []}, "at least one scene"),
    ],
)
def test_a_wrong_manifest_is_exit_2_and_a_clear_line(run: Run, media: Media, change: dict[str, Any], words: str) -> None:
    """Nothing is started."""
    ended = run("render", str(manifest(media, 1, **change)), "--output", "out")
    assert ended.returncode == Exit.USAGE
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_output_that_cannot_be_written_is_exit_2(run: Run, media: Media, tmp_path: Path) -> None:
    """Before anything is rendered."""
    (tmp_path / "taken").touch()
    ended = run("render", str(manifest(media, 1)), "--output", str(tmp_path / "taken" / "out"))
    assert ended.returncode == Exit.USAGE
    assert "the output cannot be written" in ended.stderr
    assert f"{tmp_path}/taken is a file, not a folder; move it away, or name another folder" in ended.stderr


def test_no_redis_is_exit_3_and_one_line(run: Run) -> None:
    """With the URL, and what to do; without the password."""
    ended = run("queue", "show", SCENEBURST_REDIS_URL="redis://me:hunter2@127.0.0.1:1/0")
    assert ended.returncode == Exit.UNAVAILABLE
    assert "does not answer" in ended.stderr
    assert "hunter2" not in ended.stderr + ended.stdout
    assert len(ended.stderr.strip().splitlines()) == 1


def test_operators_see_steer_and_mend(console: Console, queue: SceneQueue) -> None:
    """Every reading command has a stable JSON; every steering one does what it says."""
    submit(queue, "a", 3)
    failed, *_ = queue.worker.lease("c1", 2)
    queue.worker.fail("c1", failed, "BadInput", said("image: no picture"), transient=False)
    assert json.loads(console("status", "a", "--json").out)["counts"]["dead"] == 1
    assert json.loads(console("queue", "show", "--json").out)["depth"]["counts"]["ready"] == 1
    assert "image: no picture" in console("queue").out
    assert [item["item_id"] for item in json.loads(console("queue", "peek", "--json").out)] == ["0-2"]
    assert json.loads(console("dead", "list", "--json").out)[0]["errors"][0]["message"] == "image: no picture"
    assert "image: no picture" in console("dead", "show", "a", "0-0").out
    console("queue", "pause")
    assert queue.inspect.depth().is_paused
    console("queue", "resume")
    assert "1 requeued" in console("dead", "requeue", "a").out
    assert queue.inspect.depth().counts.ready == 2
    assert json.loads(console("results", "a", "--json").out) == []
    assert json.loads(console("cancel", "a", "--json").out)["state"] == "cancelled"
    assert console("status", "nobody").code == Exit.FAILED
    assert console("dead", "show", "a", "9-9").code == Exit.FAILED
    assert console("plan").code == Exit.FAILED
    assert json.loads(console("containers", "list", "--json").out) == []
    assert console("containers", "stop", "nobody").code == Exit.FAILED


def test_submit_then_watch_then_download(console: Console, queue: SceneQueue, media: Media, tmp_path: Path) -> None:
    """The same manifest on a running queue."""
    ended = console("submit", str(manifest(media, 1)), "--output", str(tmp_path / "out"), "--job-id", "mine", "--json")
    assert json.loads(ended.out)["job_id"] == "mine"
    (lease,) = queue.worker.lease("c1", 1)
    details = {"warnings": [{"code": "subtitles_outside", "parameters": {}}]}
    queue.worker.ack("c1", [(lease, done(lease)[1].model_copy(update={"details": details}))])
    watched = console("watch", "mine")
    assert watched.code == Exit.OK
    assert "s0: no subtitle falls inside the narration" in watched.err
    assert "s0: no subtitle falls inside the narration" in console("results", "mine").err
    assert json.loads(console("results", "mine", "--json").out)[0]["warnings"][0]["code"] == "subtitles_outside"
    assert queue.producer.status("mine").state is JobState.DONE
    assert "0 files" in console("download", "mine", str(tmp_path / "in")).out


def test_doctor_finds_what_rendering_needs(run: Run) -> None:
    """On this machine all of it is there."""
    checks = {check["what"]: check for check in json.loads(run("doctor", "--json").stdout)}
    assert all(checks[what]["is_good"] for what in ("python", "redis-server", "ffmpeg", "fonts", "scratch space"))


def test_every_command_explains_itself(run: Run) -> None:
    """--help everywhere, quickly, without loading what only work needs."""
    commands = [
        "render",
        "submit",
        "status",
        "watch",
        "results",
        "cancel",
        "download",
        "queue",
        "dead",
        "containers",
        "plan",
        "doctor",
    ]
    explained = run("--help").stdout
    assert all(command in explained for command in [*commands, "worker", "dispatcher"])
    code = "import sceneburst.cli, sys; print([m for m in ('celery', 'cv2', 'av', 'numpy', 'boto3') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
