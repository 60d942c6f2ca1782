"""Ids, names and labels with quotes, globs, brackets and other alphabets: in every listing, as they are, found by themselves."""

import json
import shlex

import pytest

from sceneburst.commands.job_status import labels_text
from sceneburst.terminal.suggestions import Suggestions
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit

_ODD = ["it's", 'a"b', "[x]", "*", "a b", "日本", "a/b", "a\\b", "\x1b[2J", "{x}", "%s", "a\nb"]


@pytest.mark.parametrize("name", _ODD)
@pytest.mark.parametrize("has_hash", [True, False], ids=["whole", "without-hash"])
def test_a_job_with_an_odd_id_is_in_every_listing(console: Console, queue: SceneQueue, name: str, has_hash: bool) -> None:
    """A foreign writer's; it is shown as malformed, and found by its beginning and its state."""
    submit(queue, "good", 1)
    client, keys = queue._connection.client, queue._connection.keys
    client.zadd(keys.jobs, {name: 1})
    if has_hash:
        client.hset(keys.job(name), "state", "active")
    try:
        for words in (("jobs",), ("jobs", "--name", name), ("jobs", "--state", "malformed"), ("queue",)):
            told = json.loads(console(*words, "--json").out)
            jobs = told if isinstance(told, list) else told["jobs"]
            assert {job["job_id"]: job["state"] for job in jobs}.get(name) == "malformed", words
            shown = console(*words)
            assert (shown.code, shown.err) == (0, "")
            assert "malformed" in shown.out
            assert "\x1b" not in shown.out
        assert [job["job_id"] for job in json.loads(console("jobs", "--name", name, "--json").out)] == [name]
    finally:
        client.delete(keys.job(name))
        client.zrem(keys.jobs, name)


@pytest.mark.parametrize("name", ["*", "?", "[a-z]", "go*", "\udcff", "ü" * 128, "\x00"])
def test_a_filter_is_no_pattern(console: Console, queue: SceneQueue, name: str) -> None:
    """Its characters stand for themselves, also those that no terminal could have sent."""
    submit(queue, "good", 1, labels={"shop": "north"})
    for words in (("jobs", "--name", name), ("jobs", "--label", f"shop={name}")):
        ended = console(*words)
        assert (ended.code, ended.out, ended.err) == (0, "no job is like that\n", "") or ended.code == 2, words
    for words in (("dead", "list", "--reason", name), ("dead", "list", "--label", f"shop={name}")):
        ended = console(*words)
        assert (ended.out, ended.err) == ("no dead letters\n", "") or ended.code == 2, words


@pytest.mark.parametrize(
    "words",
    [("status",), ("watch",), ("results",), ("cancel",), ("dead", "show", "a"), ("containers", "logs"), ("jobs", "--name")],
)
def test_bytes_that_are_no_text_are_a_line_and_exit_2(console: Console, queue: SceneQueue, words: tuple[str, ...]) -> None:
    """No traceback."""
    submit(queue, "a", 1)
    ended = console(*words, "\udcff")
    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", _ODD)
def test_a_suggested_command_means_the_same_job(name: str) -> None:
    """Pasted into a shell."""
    said = Suggestions(None, None).command("dead", "requeue", name)
    assert shlex.split(said.strip("`")) == ["sceneburst", "dead", "requeue", name]


def test_a_label_is_shown_as_it_is_given(console: Console, queue: SceneQueue) -> None:
    """In quotes where a shell would take it apart."""
    labels = {"shop": "the north", "year": "2026", "who": "Café 'X'", "city": "Zürich"}
    submit(queue, "a", 1, labels=labels)
    told = shlex.split(labels_text(queue.inspect.job("a")))
    assert dict(each.split("=", 1) for each in told) == labels
    assert "city=Zürich" in console("jobs").out
    asked = [word for each in told for word in ("--label", each)]
    assert [job["job_id"] for job in json.loads(console("jobs", *asked, "--json").out)] == ["a"]
