"""Commands tell operators the truth: exit codes, options behind a group's name, and the last line after an interruption."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatcher.webhooks import WebhookSender
from sceneburst.commands.render import verdict
from sceneburst.exit_codes import Exit
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import done, submit
from tests.support.media import Media
from tests.support.reasons import said


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("queue",), "depth"),
        (("queue", "show"), "depth"),
        (("queue", "peek"), None),
        (("containers",), None),
        (("containers", "list"), None),
        (("dead",), None),
        (("dead", "list"), None),
    ],
)
def test_a_group_takes_its_options_before_and_behind_the_command(
    console: Console, words: tuple[str, ...], part: str | None
) -> None:
    """`queue --json`, `queue --json show` and `queue show --json` are one."""
    for options in ((*words, "--json"), (words[0], "--json", *words[1:])):
        ended = console(*options)
        assert ended.code == 0, ended.err
        told = json.loads(ended.out)
        assert part in told if part else told == []


@pytest.mark.parametrize("words", [("queue",), ("queue", "peek"), ("containers", "list"), ("dead", "list"), ("dead",)])
def test_a_group_takes_the_address_behind_its_name(
    console: Console, words: tuple[str, ...], monkeypatch: Any, redis_url: str
) -> None:
    """The environment's would not answer."""
    monkeypatch.setenv("SCENEBURST_REDIS_URL", "redis://127.0.0.1:1/0")
    assert console(words[0], "--redis-url", redis_url, "--namespace", "another", *words[1:]).code == 0
    assert console(*words).code == Exit.UNAVAILABLE


def test_json_before_the_name_of_a_command_is_json_of_that_command(console: Console, queue: SceneQueue) -> None:
    """Of one that changes something, too."""
    ended = console("queue", "--json", "pause")
    assert (ended.code, json.loads(ended.out), queue.inspect.depth().is_paused) == (0, {"paused": True}, True)


@pytest.mark.parametrize("name", ["nobody", "no such job", "a/b", 'it\'s "x"', "\x1b[31m", "[/]", "ü" * 200])
@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("watch",),
        ("results",),
        ("cancel",),
        ("cost",),
        ("dead", "requeue"),
        ("dead", "discard", "--yes"),
        ("dead", "list", "--job"),
        ("dead", "show", "{}", "0-0"),
        ("dead", "requeue", "{}", "0-0"),
        ("download", "{}", "in"),
        ("containers", "logs"),
        ("containers", "stop"),
    ],
)
def test_every_mistake_in_an_id_is_exit_1_and_one_line(console: Console, words: tuple[str, ...], name: str) -> None:
    """Nothing is said to have been done."""
    asked = [name if word == "{}" else word for word in words]
    ended = console(*(asked if name in asked else [*asked, name]))
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert len(ended.err.splitlines()) == 1
    assert "\x1b[31m" not in ended.err.removeprefix("\x1b[31m")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("containers",), "no containers are there"),
        (("containers", "list", "--all"), "no containers are known; records last for a day after the last news"),
        (("dead",), "no dead letters"),
        (("dead", "list", "--job", "a"), "no dead letters of job a"),
        (("results", "a"), "nothing of job a has ended yet"),
        (("queue", "peek", "--lane", "bulk"), "nothing is ready"),
        (("jobs", "--state", "done"), "no job is like that"),
    ],
)
def test_an_empty_answer_says_so_in_a_line(console: Console, queue: SceneQueue, words: tuple[str, ...], line: str) -> None:
    """A table without rows could as well be a fault; programs get an empty list."""
    assert console("jobs").out == "no jobs\n"
    submit(queue, "a", 1)
    assert console(*words).out == f"{line}\n"
    assert json.loads(console(*words, "--json").out) == []


def test_a_malformed_job_is_shown_beside_the_others(console: Console, queue: SceneQueue) -> None:
    """By `queue`, `jobs` and `status`; a malformed container and letter too."""
    submit(queue, "good", 1)
    client, keys = queue._connection.client, queue._connection.keys
    name = 'it\'s [/] "x" \x1b[2J'
    client.hset(keys.job(name), "state", "active")
    client.hset(keys.job(name, "dead"), "0-0", "{")
    client.zadd(keys.jobs, {name: 1})
    client.zadd(keys.dead, {f"{name}/0-0": 7, "x": 8})
    client.hset(keys.container("c9"), "slots", "four")
    client.zadd(keys.containers, {"c9": 1})
    client.hset(keys.counts, "leased", "abc")
    try:
        for words in (("queue",), ("jobs",), ("status", name), ("containers",), ("dead",)):
            ended = console(*words)
            assert ended.code == 0, ended.err
            assert "malformed" in ended.out
            assert "\x1b" not in ended.out
            assert console(*words, "--json").code == 0
        assert "counted as 0: leased" in console("queue").out
        assert json.loads(console("jobs", "--state", "malformed", "--json").out)[0]["job_id"] == name
    finally:
        client.delete(keys.job(name), keys.job(name, "dead"), keys.container("c9"))
        client.hset(keys.counts, "leased", "0")


def test_results_and_cost_of_a_film_have_the_film(console: Console, queue: SceneQueue) -> None:
    """Its container is paid for, and it is no scene when the price of one is told."""
    submit(queue, "a", 2, 1)
    fence = queue.dispatcher.acquire("test", 30) or 0
    for number in range(3):
        container = f"c{number}"
        record = ContainerRecord(container_id=ContainerId(container), vcpu=2, memory_mib=4096, slots=1, done=1)
        queue.dispatcher.record_intents(fence, [record])
        queue.dispatcher.record_launched(fence, container, "handle")
        queue.worker.beat(record)
        (lease,) = queue.worker.lease(container, 1)
        result = ItemResult(item_id=lease.item_id, name=lease.item.name, state="done", container=container)
        queue.worker.ack(container, [(lease, result)])
    queue.dispatcher.resign("test")
    assert [result["item_id"] for result in json.loads(console("results", "a", "--json").out)] == ["0-0", "0-1", "1-0"]
    told = json.loads(console("cost", "a", "--json").out)
    assert (sorted(told["containers"]), told["scenes_done"]) == (["c0", "c1", "c2"], 2)


@pytest.mark.parametrize("command", ["status", "watch"])
def test_a_film_that_was_not_made_is_told_with_the_reason(console: Console, queue: SceneQueue, command: str) -> None:
    """It has no result of its own, and waits for what failed."""
    submit(queue, "a", 2, 1)
    bad, good = queue.worker.lease("c1", 2)
    queue.worker.ack("c1", [done(good)])
    queue.worker.fail("c1", bad, "BadInput", said("image: no picture"), transient=False)
    told = console(command, "a").out
    assert "film: not made, because 1 scene failed; mend what the reasons name, then `sceneburst dead requeue a`" in told
    submit(queue, "b", 1)
    (bad,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", bad, "BadInput", said("image: no picture"), transient=False)
    assert "film" not in console(command, "b").out


def test_status_tells_what_became_of_the_posts_to_the_callback_address(console: Console, queue: SceneQueue) -> None:
    """The reason stands there for those who wait for one in vain."""
    submit(queue, "a", 1, callback_url="https://shop.example/told")
    queue.worker.ack("c1", [done(queue.worker.lease("c1", 1)[0])])
    assert console("status", "a").out.splitlines()[-1] == "callback: pending after 0 tries"
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    notifier = WebhookSender(queue, None, resolve=lambda _host, _port: "93.184.215.14", transport=transport)
    notifier.run()
    notifier.close()
    assert console("status", "a").out.splitlines()[-1] == "callback: pending after 1 try: the receiver answered 503"
    assert json.loads(console("status", "a", "--json").out)["callback"]["tries"] == 1


@pytest.mark.parametrize(
    ("expected", "states", "unmade", "code"),
    [
        ((), {"a": "done"}, (), Exit.OK),
        ((), {"a": "dead"}, (), Exit.FAILED),
        ((), {"a": "dead"}, ("film",), Exit.FAILED),
        (("a",), {"a": "dead", "b": "done"}, (), Exit.OK),
        (("a",), {"a": "dead", "b": "done"}, ("film",), Exit.OK),
        (("a", "film"), {"a": "dead", "b": "done"}, ("film",), Exit.OK),
        (("film",), {"a": "dead", "b": "done"}, ("film",), Exit.FAILED),
        (("a",), {"a": "dead", "b": "dead"}, ("film",), Exit.FAILED),
        (("a",), {"a": "done"}, (), Exit.FAILED),
    ],
)
def test_a_film_that_was_not_made_is_no_failure_beside_those_expected(
    expected: tuple[str, ...], states: dict[str, str], unmade: tuple[str, ...], code: Exit
) -> None:
    """It fails with its scenes; whoever names it is right too."""
    scenes = [{"name": name, "state": state} for name, state in states.items()]
    report = {"scenes": scenes, "totals": {"scenes": len(scenes) + len(unmade)}}
    assert verdict(report, set(expected), set(unmade)) is code


@pytest.mark.parametrize(("width", "is_framed"), [(60, False), (100, True)])
@pytest.mark.parametrize("words", [("render",), ("submit",), ("dead", "requeue"), ("queue",), ()])
def test_help_cuts_no_name_however_narrow_the_terminal_is(
    console: Console, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], width: int, is_framed: bool
) -> None:
    """A flag that is cut cannot be typed."""
    monkeypatch.setenv("COLUMNS", str(width))
    told = console(*words, "--help")
    assert told.code == 0, told.err
    assert ("╭" in told.out) is is_framed
    assert "…" not in told.out
    assert "..." not in told.out.replace("COMMAND [ARGS]...", "")
    if words == ("render",):
        assert "--expect-failure" in told.out
    elif words == ("submit",):
        assert "SCENEBURST_REDIS_URL" in told.out


@pytest.mark.parametrize("url", ["redis://127.0.0.1/notanumber", "redis://127.0.0.1/0/1", "rediss://127.0.0.1/-1"])
def test_a_database_that_is_no_number_is_a_settings_error(console: Console, url: str) -> None:
    """Not database 0."""
    ended = console("queue", "--redis-url", url)
    assert ended.code == Exit.USAGE
    assert "the path must be the number of a database" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_one_tick_that_sees_no_fleet_is_no_success(console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials, and without an engine: one line, and a code that a scheduler sees."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    fargate = {"FLEET": "fargate", "ECS_CLUSTER": "c", "ECS_TASK_DEFINITION": "t", "ECS_SUBNETS": '["s"]', "LOG_LEVEL": "error"}
    for name, value in fargate.items():
        monkeypatch.setenv(f"SCENEBURST_{name}", value)
    ended = console("dispatcher", "--once")
    assert ended.code == Exit.USAGE, ended
    assert "credentials" in ended.err
    assert len(ended.err.splitlines()) == 1
    monkeypatch.setenv("SCENEBURST_FLEET", "docker")
    monkeypatch.setenv("SCENEBURST_DOCKER_IMAGE", "films")
    monkeypatch.setenv("SCENEBURST_DOCKER_SOCKET", "/nowhere/docker.sock")
    ended = console("dispatcher", "--once")
    assert ended.code == Exit.UNAVAILABLE
    assert "no container engine answers at /nowhere/docker.sock" in ended.err
    assert queue.dispatcher.acquire("another", 1) is not None


def test_submitting_a_failed_job_again_says_how_to_render_its_failed_scenes(
    console: Console, queue: SceneQueue, media: Media, tmp_path: Path
) -> None:
    """The same job under the same id is the job that is there, which has failed."""
    path = tmp_path / "job.json"
    scene = {"name": "a", "image": str(media.image("p.jpg")), "audio": str(media.tone("n.mp3"))}
    path.write_text(json.dumps({"output": str(tmp_path / "out"), "scenes": [scene]}))
    words = ("submit", str(path), "--job-id", "j")
    assert console(*words).code == 0
    for lease in queue.worker.lease("c1", 1):
        queue.worker.fail("c1", lease, "BadInput", said("image: no picture"), transient=False)
    again = console(*words)
    assert again.code == 0, again.err
    assert "sceneburst dead requeue j" in again.out + again.err
