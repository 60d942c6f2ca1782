"""`sceneburst keys`: keys are made, listed and revoked, and shown once."""

import json

from sceneburst.access.secrets import hash_of
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console


def test_a_key_is_made_listed_and_revoked(console: Console, queue: SceneQueue) -> None:
    """The queue keeps its hash alone; each act is in the audit log."""
    made = console("keys", "make", "night", "--role", "look", "--why", "for the night shift")
    key = made.out.strip()
    (stored,) = queue.access.all_keys()
    assert (stored.name, stored.role, stored.sha256) == ("night", "look", hash_of(key))
    assert "cannot be shown again" in made.err
    listed = console("keys", "list")
    assert "night" in listed.out
    assert key not in listed.out
    (row,) = json.loads(console("keys", "--json").out)
    assert (row["name"], row["role"], row["why"]) == ("night", "look", "for the night shift")
    told = json.loads(console("keys", "make", "night", "--role", "operate", "--replace", "--json").out)
    assert {*told} == {"name", "role", "key", "sha256"}
    assert queue.access.all_keys()[0].sha256 == told["sha256"] == hash_of(told["key"])
    assert json.loads(console("keys", "revoke", "night", "--json").out) == []
    assert [act.detail for act in queue.inspect.acts()] == ["operate -> revoked", "look -> operate", "none -> look"]
    assert key not in str(queue.inspect.acts())


def test_a_key_that_cannot_be_made_or_revoked_is_told_with_what_to_do(console: Console, queue: SceneQueue) -> None:
    """And nothing is changed."""
    queue.access.make_key("shop", "a" * 64, "operate")
    for words, said in (
        (("make", "shop", "--role", "look"), "--replace"),
        (("make", "a b", "--role", "look"), "letters, digits"),
        (("make", "x", "--role", "emperor"), "administer"),
        (("make", "x"), "--role"),
        (("revoke", "nobody"), "sceneburst keys list"),
    ):
        ended = console("keys", *words)
        assert ended.code == 2
        assert said in ended.err
    assert [(key.name, key.sha256) for key in queue.access.all_keys()] == [("shop", "a" * 64)]
