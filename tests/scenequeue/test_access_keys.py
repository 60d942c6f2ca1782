"""Keys of the page and the HTTP API in the queue, sessions, and one-time links."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from scenequeue.ports.access.keys import MAX_KEYS
from scenequeue.ports.access.sessions import IDLE_S, LONGEST_S, Session
from scenequeue.queue import SceneQueue

_A, _B = "a" * 64, "b" * 64


def test_a_key_is_made_replaced_and_revoked_and_the_audit_log_says_so(any_queue: SceneQueue) -> None:
    """In the same step; what changes nothing is not in the log."""
    access = any_queue.access
    assert access.all_keys() == []
    assert access.make_key("shop", _A, "operate", "ann", "for the shop's server") == 1
    assert access.make_key("shop", _B, "look", "bob") == 0
    (key,) = access.all_keys()
    assert (key.name, key.sha256, key.role, key.by, key.why) == ("shop", _A, "operate", "ann", "for the shop's server")
    assert abs(key.at_ms - any_queue.inspect.now_ms()) < 60_000
    assert access.make_key("shop", _B, "look", "bob", replace=True) == 1
    assert not access.revoke_key("shop", "ann", sha256=_A)
    assert access.revoke_key("shop", "ann", "lost", sha256=_B)
    assert not access.revoke_key("shop", "ann")
    assert access.all_keys() == []
    acts = [(act.by, act.act, act.about, act.detail, act.why) for act in any_queue.inspect.acts()]
    assert acts == [
        ("ann", "key", "key=shop", "look -> revoked", "lost"),
        ("bob", "key", "key=shop", "operate -> look", ""),
        ("ann", "key", "key=shop", "none -> operate", "for the shop's server"),
    ]


def test_of_two_that_make_a_key_of_one_name_at_once_one_has_made_it(queue: SceneQueue) -> None:
    """The other is told so, and no key of another name is lost on the way."""
    with ThreadPoolExecutor(8) as threads:
        answers = [*threads.map(lambda n: queue.access.make_key(f"key{n % 8}", f"{n:064x}", "look", "ann"), range(32))]
    assert sorted(answers) == [0] * 24 + [1] * 8
    assert [key.name for key in queue.access.all_keys()] == [f"key{n}" for n in range(8)]
    assert len(queue.inspect.acts()) == 8


def test_keys_are_bounded_in_number(queue: SceneQueue) -> None:
    """Every reader reads all of them; to replace one is possible at the limit."""
    client, key = queue._connection.client, queue._connection.keys.access
    client.set(key, json.dumps({f"key{n}": {"sha256": _A, "role": "look"} for n in range(MAX_KEYS)}))
    assert queue.access.make_key("one-more", _B, "look") == -1
    assert queue.access.make_key("key0", _B, "look", replace=True) == 1
    assert len(queue.access.all_keys()) == MAX_KEYS


@pytest.mark.parametrize(
    "stored",
    [
        "", "hush", "[]", "3", "null", '{"a": 1}', '{"a": {}}', "[" * 2000, '{"a": {"sha256": "x", "role": "look"}}',
        json.dumps({"a": {"sha256": _A, "role": "emperor"}}), json.dumps({"a": {"sha256": _A, "role": ["look"]}}),
        json.dumps({"a b": {"sha256": _A, "role": "look"}}), json.dumps({"": {"sha256": _A, "role": "look"}}),
    ],
)  # fmt: skip
def test_a_stored_key_that_is_malformed_opens_nothing_and_hinders_no_other(queue: SceneQueue, stored: str) -> None:
    """Whoever has the password of an operator's Redis user can write anything there."""
    queue._connection.client.set(queue._connection.keys.access, stored)
    assert queue.access.all_keys() == []
    assert queue.access.make_key("shop", _A, "look", "ann") == 1
    assert [key.name for key in queue.access.all_keys()] == ["shop"]


def test_a_stored_key_of_another_type_counts_as_none(queue: SceneQueue) -> None:
    """A producer's user could put a hash in its place, which then opens nothing."""
    queue._connection.client.hset(queue._connection.keys.access, "shop", "x")
    assert queue.access.all_keys() == []
    assert queue.access.make_key("shop", _A, "look") == 1


def test_a_session_lasts_while_it_is_used_and_a_week_at_most(any_queue: SceneQueue) -> None:
    """Half a day after the last use, by Redis's own time to live."""
    access, client, keys = any_queue.access, any_queue._connection.client, any_queue._connection.keys
    access.open_session(_A, Session("ann", _B, "", 0))
    began_ms = any_queue.inspect.now_ms()
    session = access.session(_A)
    assert session is not None
    assert session._replace(began_ms=0) == Session("ann", _B, "", 0)
    assert abs(session.began_ms - began_ms) < 60_000
    client.expire(keys.session(_A), 60)
    access.session(_A)
    assert client.ttl(keys.session(_A)) > IDLE_S - 60
    old = session._replace(began_ms=began_ms - (LONGEST_S - 30) * 1000)
    client.set(keys.session(_A), json.dumps(old._asdict()))
    assert access.session(_A) == old
    assert 0 < client.ttl(keys.session(_A)) <= 30
    client.set(keys.session(_A), json.dumps(old._replace(began_ms=began_ms - LONGEST_S * 1000)._asdict()))
    assert access.session(_A) is None
    assert not client.exists(keys.session(_A))
    access.end_session(_A)


def test_a_session_that_was_ended_is_gone(any_queue: SceneQueue) -> None:
    """And does not come back by being read."""
    any_queue.access.open_session(_A, Session("ann", "", "administer", 0))
    any_queue.access.end_session(_A)
    assert any_queue.access.session(_A) is None
    assert not any_queue._connection.client.exists(any_queue._connection.keys.session(_A))


def test_a_link_opens_once(any_queue: SceneQueue) -> None:
    """Of several that use it at the same time, one is let in."""
    offered = Session("ann", "", "administer", 0)
    any_queue.access.offer_sign_in(_A, offered, 600)
    assert 0 < any_queue._connection.client.ttl(any_queue._connection.keys.sign_in(_A)) <= 600
    with ThreadPoolExecutor(4) as threads:
        taken = [*threads.map(lambda _: any_queue.access.take_sign_in(_A), range(8))]
    assert [each for each in taken if each] == [offered]


@pytest.mark.parametrize("stored", ["", "x", "[]", "{}", "[" * 2000, '{"name": 1, "key_sha256": "", "role": "", "began_ms": 0}'])
def test_a_stored_session_that_is_malformed_opens_nothing(queue: SceneQueue, stored: str) -> None:
    """Whatever has written it."""
    client, keys = queue._connection.client, queue._connection.keys
    client.set(keys.session(_A), stored, ex=60)
    client.set(keys.sign_in(_A), stored, ex=60)
    assert queue.access.session(_A) is None
    assert queue.access.take_sign_in(_A) is None
