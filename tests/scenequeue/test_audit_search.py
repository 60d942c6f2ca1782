"""The audit log by filter and page by page, and two operators who change the same limit at once."""

import pytest

from scenequeue.errors import ActConflict
from scenequeue.ports.steering import audit_search
from scenequeue.ports.steering.audit_search import ActFilter
from scenequeue.queue import SceneQueue


def _acts(queue: SceneQueue) -> None:
    for number in range(4):
        queue.operator.pause(by="ann@films", why=f"disk full {number}")
        queue.operator.resume(by="Bob", why="there is room")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ActFilter(), 8),
        (ActFilter(by="ANN"), 4),
        (ActFilter(act="resume"), 4),
        (ActFilter(by="bob", act="pause"), 0),
        (ActFilter(about="disk FULL 2"), 1),
        (ActFilter(by="[", about="\\"), 0),
    ],
)
def test_acts_are_found_by_all_that_a_filter_names(queue: SceneQueue, wanted: ActFilter, found: int) -> None:
    """In any case of letters."""
    _acts(queue)
    page = queue.inspect.find_acts(wanted)
    assert (len(page.acts), page.older) == (found, "")


def test_pages_follow_one_another_without_a_gap(queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a page had to end before it was full, as few acts match; and a foreign place in the log is the newest."""
    _acts(queue)
    whole = [act.entry for act in queue.inspect.acts()]
    monkeypatch.setattr(audit_search, "_AT_ONCE", 2)
    monkeypatch.setattr(audit_search, "_MAX_READ", 4)
    for limit in (3, 50):
        seen, before = [], "newest"
        while before:
            page = queue.inspect.find_acts(ActFilter(), before, limit)
            seen += [act.entry for act in page.acts]
            before = page.older
        assert seen == whole


def test_a_limit_that_somebody_else_has_changed_is_not_overwritten(queue: SceneQueue) -> None:
    """Each form carries the value that it was shown with; the other operator is named, also after a reset."""
    operator = queue.operator
    operator.set_limits({"max_containers": "5"}, by="ann", seen={"max_containers": "environment"})
    with pytest.raises(ActConflict, match="ann has changed max_containers since: it is 5 now"):
        operator.set_limits({"max_containers": "7"}, by="bob", seen={"max_containers": "environment"})
    operator.set_limits({"max_containers": "7"}, by="bob", seen={"max_containers": "5.0"})
    operator.reset_limits(["max_containers"], by="ann", seen={"max_containers": "7"})
    with pytest.raises(ActConflict, match="ann has changed max_containers since: it is environment now"):
        operator.reset_limits(["max_containers"], by="bob", seen={"max_containers": "7"})
    assert queue.inspect.limits() == []
    assert len(queue.inspect.acts()) == 3
