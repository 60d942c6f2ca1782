"""`sceneburst containers logs`: what a container wrote, or where it is."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatcher.fleet import SIZES, LaunchRequest
from dispatcher.fleets.docker.logs import payloads
from dispatcher.fleets.process import ProcessFleet
from sceneburst.container_logs import lines_of
from sceneburst.exit_codes import Exit
from scenequeue.jobs.container import ContainerRecord, TailLines
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.support.waiting import wait_until


def _recorded(queue: SceneQueue, fleet: str, handle: str, **more: Any) -> None:
    fence = queue.dispatcher.acquire("test", 30) or 0
    queue.dispatcher.record_intents(fence, [ContainerRecord(container_id=ContainerId("c1"), fleet=fleet, batch=1)])
    queue.dispatcher.record_launched(fence, "c1", handle, **more)
    queue.dispatcher.resign("test")


def test_a_process_is_read_from_the_file_that_its_launch_named(console: Console, queue: SceneQueue, tmp_path: Path) -> None:
    """Wherever the dispatcher keeps its state; when the file is gone, it is said where it was."""
    fleet = ProcessFleet(tmp_path / "state", [sys.executable, "-c", "print('hello from ü')"])
    (launched,) = fleet.launch([LaunchRequest(ContainerId("c1"), SIZES[1], 1)])
    wait_until(lambda: not any(container.is_running for container in fleet.list()), "it has ended")
    _recorded(queue, "process", launched.handle, log=launched.log)
    ended = console("containers", "logs", "c1")
    assert (ended.code, ended.out) == (Exit.OK, "hello from ü\n")
    Path(launched.log).unlink()
    ended = console("containers", "logs", "c1")
    assert ended.code == Exit.FAILED
    assert f"{launched.log} cannot be read here" in ended.err
    assert "is on the dispatcher's machine" in ended.err


def test_a_log_in_json_is_one_object_a_line(console: Console, queue: SceneQueue, tmp_path: Path) -> None:
    """Whatever the lines are: JSON, no UTF-8, unfinished; the option may stand before the command too."""
    log = tmp_path / "c1.log"
    log.write_bytes(b'{"event": "started"}\r\n\n\xff\xc3\xbc redis://me:hunter2@host\nlast')
    _recorded(queue, "process", "handle", log=str(log))
    for words in (("containers", "logs", "c1", "--json"), ("containers", "--json", "logs", "c1")):
        ended = console(*words)
        assert ended.code == Exit.OK
        told = [json.loads(line) for line in ended.out.splitlines()]
        lines = ['{"event": "started"}', "", "\ufffdü redis://me:***@host", "last"]
        assert told == [{"container_id": "c1", "line": line} for line in lines]


def test_lines_are_whole_where_pieces_end_within_them() -> None:
    """Also within a character."""
    assert list(lines_of([b"a\xc3", b"\xbc\n", b"", b"b", b"c\nd\n"])) == ["aü", "bc", "d"]


def test_a_container_that_was_started_by_hand_has_no_log_of_ours(console: Console, queue: SceneQueue) -> None:
    """Its output went to whoever started it."""
    queue.worker.beat(ContainerRecord(container_id=ContainerId("by-hand-1"), host="films", slots=1))
    ended = console("containers", "logs", "by-hand-1")
    assert ended.code == Exit.FAILED
    assert "started by hand on films" in ended.err


def test_a_task_of_fargate_names_its_group_and_stream(console: Console, queue: SceneQueue) -> None:
    """As the command that reads it."""
    _recorded(queue, "fargate", "arn:aws:ecs:eu-west-1:1:task/videos/0123abc", region="eu-west-1")
    ended = console("containers", "logs", "c1")
    assert (ended.code, len(ended.err.splitlines())) == (Exit.FAILED, 1)
    assert "/sceneburst/STACK/worker" in ended.err
    assert "aws logs tail GROUP --log-stream-names worker/worker/0123abc --region eu-west-1" in ended.err


def _frame(text: bytes, stream: int = 1) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


def test_a_container_of_docker_is_asked_of_the_engine(
    console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the frames around its lines; one that the engine has removed is told so."""
    _recorded(queue, "docker", "id7")
    monkeypatch.delenv("SCENEBURST_DOCKER_IMAGE", raising=False)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.copy_with(scheme="http", host="docker")))
        return (
            httpx.Response(200, content=_frame(b"one\n") + _frame("zwö\n".encode(), 2))
            if len(asked) == 1
            else httpx.Response(404)
        )

    monkeypatch.setattr("httpx.HTTPTransport", lambda **_: httpx.MockTransport(answer))
    assert console("containers", "logs", "c1").out == "one\nzwö\n"
    assert asked == ["http://docker/containers/id7/logs?stdout=true&stderr=true"]
    ended = console("containers", "logs", "c1")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert "two minutes after its end" in ended.err


@pytest.mark.parametrize("size", [1, 3, 8, 9, 100])
def test_frames_are_taken_apart_however_they_arrive(size: int) -> None:
    """A header that is cut in two, an empty frame, and one that never ends."""
    stream = _frame(b"hello ") + _frame(b"") + _frame(b"world", 2) + _frame(b"lost")[:-2]
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert b"".join(payloads(chunks)) == b"hello worldlo"


_TOLD = TailLines("aa", 1, ["container starts", "lease lost item=a/0-0"])


@pytest.mark.parametrize(
    ("fleet", "reason"),
    [
        ("process", "it is on the dispatcher's machine"),
        ("fargate", "it writes to CloudWatch"),
        ("docker", "no container engine answers"),
    ],
)
def test_where_the_log_cannot_be_read_the_lines_that_were_told_are_shown(
    console: Console, queue: SceneQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fleet: str, reason: str
) -> None:
    """Of any fleet, with the reason on standard error; a log that is at hand is shown whole."""
    monkeypatch.setenv("SCENEBURST_DOCKER_SOCKET", str(tmp_path / "none.sock"))
    _recorded(queue, fleet, "id7", log=str(tmp_path / "c1.log") if fleet == "process" else "")
    queue.worker.log("c1", _TOLD)
    ended = console("containers", "logs", "c1")
    assert (ended.code, ended.out) == (Exit.OK, "container starts\nlease lost item=a/0-0\n")
    assert "the last lines that the container has told" in ended.err
    assert reason in ended.err
    ended = console("containers", "logs", "c1", "--json")
    assert [json.loads(line)["line"] for line in ended.out.splitlines()] == _TOLD.lines
    if fleet == "process":
        (tmp_path / "c1.log").write_bytes(b"all of it\n")
        ended = console("containers", "logs", "c1")
        assert (ended.out, ended.err) == ("all of it\n", "")


def test_the_list_shows_cpu_and_memory(console: Console, queue: SceneQueue) -> None:
    """Of those that tell it; in JSON, as numbers."""
    record = ContainerRecord(container_id=ContainerId("c1"), cpu_share=0.874, memory_used_mib=1412)
    queue.worker.beat(record)
    queue.worker.beat(ContainerRecord(container_id=ContainerId("c2")))
    shown = console("containers").out
    assert "87%" in shown
    assert "1,412 MiB" in shown
    assert shown.count("MiB") == 1
    told = {each["container_id"]: each for each in json.loads(console("containers", "--json").out)}
    assert (told["c1"]["cpu_share"], told["c1"]["memory_used_mib"]) == (0.874, 1412)
