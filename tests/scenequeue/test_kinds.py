"""Kinds of items, found by the folder."""

import pytest

from container_worker.kinds import load_kinds
from scenequeue.jobs.kinds import known_kinds, load_kind


def test_every_kind_has_a_half_in_the_queue_and_one_in_the_worker() -> None:
    """Under the same name: whatever can be queued can be carried out."""
    assert known_kinds() == sorted(load_kinds())
    assert {"render", "stitch"} <= set(known_kinds())
    for name in known_kinds():
        kind = load_kind(name)
        assert kind.VERSION >= 1
        assert kind.UNIT


@pytest.mark.parametrize("name", ["teleport", "..items", "render.x", "", "__init__"])
def test_a_name_that_is_no_kind_imports_nothing(name: str) -> None:
    """Names come out of messages."""
    with pytest.raises(KeyError):
        load_kind(name)
