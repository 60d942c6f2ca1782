"""Keys by the page: made, shown once, revoked."""

import re

import pytest

from sceneburst.access.secrets import hash_of
from scenequeue.queue import SceneQueue
from tests.sceneburst.page.serving import Page


def test_a_key_is_shown_once_and_only_its_hash_is_kept(page: Page, queue: SceneQueue) -> None:
    """A second look does not have it, nor has the live stream."""
    answer = page.act("/steering/keys", name="shop", role="operate", why="the new shop")
    (key,) = re.findall(r"sbk_[A-Za-z0-9_-]+", answer.text)
    assert answer.headers["cache-control"] == "no-store"
    (kept,) = queue.access.all_keys()
    assert (kept.name, kept.role, kept.sha256, kept.by, kept.why) == ("shop", "operate", hash_of(key), "local", "the new shop")
    assert key not in page.text("/steering/keys")
    (frame,) = page.frames("keys", 1)
    assert key not in str(frame)


def test_a_key_is_revoked_only_if_it_is_the_one_that_was_shown(page: Page, queue: SceneQueue) -> None:
    """Another operator may have replaced it meanwhile."""
    queue.access.make_key("shop", "a" * 64, "look", by="ann")
    late = page.act("/steering/keys/revoke", name="shop", shown="b" * 64, why="left")
    assert "nothing was changed" in page.text(late.headers["location"])
    page.act("/steering/keys/revoke", name="shop", shown="a" * 64, why="left")
    assert queue.access.all_keys() == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"name": "a b"}, 400), ({"name": "<b>"}, 400), ({"role": "root"}, 400), ({"why": ""}, 400), ({"name": "taken"}, 409)],
)
def test_a_key_that_cannot_be_made_is_refused(page: Page, queue: SceneQueue, fields: dict[str, str], status: int) -> None:
    """In words."""
    queue.access.make_key("taken", "a" * 64, "look", by="ann")
    answer = page.act("/steering/keys", **{"name": "shop", "role": "look", "why": "x", **fields})
    assert answer.status_code == status
    assert "sbk_" not in answer.text
    assert len(queue.access.all_keys()) == 1
