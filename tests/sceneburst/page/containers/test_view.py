"""The view of the containers and that of one, with real acts."""

import re

import pytest

from scenequeue.jobs.container import ContainerRecord, TailLines
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from tests.sceneburst.page.serving import Page
from tests.scenequeue.jobs import submit

_HOSTILE = '"><script>alert(1)</script>\x1b[31m\u202e'


def _working(queue: SceneQueue, name: str = "c1", **fields: object) -> ContainerRecord:
    submit(queue, f"job-{name}", 2)
    leases = queue.worker.lease(name, 2)
    progress = {f"{lease.job_id}/{lease.item_id}": 0.25 for lease in leases}
    size = {"slots": 2, "vcpu": 2, "memory_mib": 4096, "memory_used_mib": 900}
    record = ContainerRecord.model_validate({"container_id": name, "held": 2, "progress": progress, **size, **fields})
    queue.worker.beat(record)
    return record


def test_the_list_shows_what_each_works_on_with_bars(page: Page, queue: SceneQueue) -> None:
    """And its live sections are the same."""
    _working(queue)
    html = page.text("/containers")
    assert len(re.findall(r'<progress max="1" value="0.25"', html)) == 2
    assert "Drain the 1 container that is shown" in html or "Drain 1 container" in html
    (frame,) = page.frames("containers", 1)
    assert set(frame["sections"]) == {"container-counts", "container-list"}


def test_a_container_is_drained_and_stopped_with_its_scope_in_numbers(page: Page, queue: SceneQueue) -> None:
    """The reason is kept with it; a second operator changes nothing."""
    _working(queue)
    assert "2 items go on until they end" in page.text("/containers/c1")
    answer = page.act("/containers/c1/drain", why="old image", back="container_id=c1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/containers/c1?said=drained&n=2")
    assert "It drains: 2 items go on until they end" in page.text(answer.headers["location"])
    answer = page.act("/containers/c1/stop", why="it hangs", back="container_id=c1")
    assert "2 items come back to the queue" in page.text(answer.headers["location"])
    page.act("/containers/c1/stop", why="me too", back="container_id=c1")
    record = queue.inspect.container("c1")
    assert record is not None
    assert (record.drain_why, record.stop_why) == ("old image", "it hangs")
    assert [act.act for act in queue.inspect.acts()] == ["stop", "drain"]


def test_a_container_that_has_ended_meanwhile_is_left_alone(page: Page, queue: SceneQueue) -> None:
    """Nothing is logged, and the answer says so."""
    queue.worker.goodbye(_working(queue))
    answer = page.act("/containers/c1/stop", why="it hangs", back="container_id=c1")
    assert "It has ended already" in page.text(answer.headers["location"])
    assert queue.inspect.acts() == []


def test_all_that_are_shown_are_drained_unless_they_have_become_more(page: Page, queue: SceneQueue) -> None:
    """The filter is kept; the count that the form was shown with is the most that is drained."""
    for name in ("c1", "c2", "x3"):
        _working(queue, name)
    assert page.act("/containers", why="new image", shown="1", back="text=c").status_code == 409
    assert queue.inspect.acts() == []
    answer = page.act("/containers", why="new image", shown="2", back="text=c")
    assert answer.headers["location"] == "/containers?text=c&said=drained&n=2"
    assert {act.about for act in queue.inspect.acts()} == {"container=c1", "container=c2"}


@pytest.mark.parametrize("fields", [{}, {"why": "  "}, {"why": "x" * 201}])
def test_no_act_is_done_without_a_reason(page: Page, queue: SceneQueue, fields: dict[str, str]) -> None:
    """Nor with one that would be cut."""
    _working(queue)
    assert page.act("/containers/c1/stop", **fields).status_code == 400
    assert queue.inspect.acts() == []


def test_hostile_containers_are_shown_as_text(page: Page, queue: SceneQueue) -> None:
    """Ids, logs, reasons, and keys of Redis that hold anything."""
    _working(queue, "c1", host=_HOSTILE, region=_HOSTILE, fleet=_HOSTILE, image=_HOSTILE)
    queue.worker.log("c1", TailLines("aa", 1, [_HOSTILE, "x" * 100_000]))
    queue.operator.stop("c1", by=_HOSTILE, why=_HOSTILE)
    client, keys = queue._connection.client, queue._connection.keys
    client.hset(keys.container(_HOSTILE), mapping={"state": "running", "progress": "[", "vcpu": "nan", "container_id": "other"})
    client.lpush(keys.container("list"), "x")
    client.zadd(keys.containers, {_HOSTILE: 1, "list": 2})
    for path in ("/containers", "/containers/c1", f"/containers/{ContainerId('%22%3E%3Cscript%3E')}", "/containers/list"):
        html = page.text(path)
        assert "<script>alert" not in html
        assert "\x1b" not in html
        assert "\u202e" not in html
        assert len(html) < 200_000
    client.delete(keys.container(_HOSTILE), keys.container("list"))
