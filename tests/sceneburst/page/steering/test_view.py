"""Steering by the page: pauses, limits, the audit log, settings and checks."""

import re
import threading
from pathlib import Path

import pytest

from sceneburst.access.roles import Role
from sceneburst.local.checks.finding import Check
from sceneburst.page.rendering.renderer import Renderer
from sceneburst.page.views.registry import VIEWS
from sceneburst.page.views.steering.audit import ACTS
from sceneburst.page.views.steering.examination import Examination
from scenequeue import scripts
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.job import Lane
from scenequeue.ports.steering.settings_in_force import settings_in_force
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from tests.sceneburst.page.serving import Page
from tests.scenequeue.jobs import submit
from tests.support.waiting import wait_until

_PASSWORD = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("fields", "about"), [({"about": "all"}, ""), ({"about": "lane=bulk"}, "lane=bulk"), ({"about": "job=", "job": "a"}, "job=a")]
)
def test_a_pause_has_a_reason_and_ends_as_it_was_shown(page: Page, queue: SceneQueue, fields: dict[str, str], about: str) -> None:
    """Of everything, a lane and a job: the count of what waits is told, and a resume of an older pause changes nothing."""
    submit(queue, "a", 3, lane=Lane.BULK)
    answer = page.act("/steering/pauses/pause", why="disk full", **fields)
    assert "Paused; 3 ready items wait" in page.text(answer.headers["location"])
    (pause,) = queue.inspect.pauses()
    assert (pause.about, pause.by, pause.why) == (about, "local", "disk full")
    assert "disk full" in page.text("/steering")
    shown = about or "all"
    late = page.act("/steering/pauses/resume", about=shown, since=str(pause.since_ms - 1), why="room")
    assert "This pause had ended already" in page.text(late.headers["location"])
    page.act("/steering/pauses/resume", about=shown, since=str(pause.since_ms), why="room")
    assert queue.inspect.pauses() == []


@pytest.mark.parametrize("about", ["", "lane=", "lane=none", "queue", "job="])
def test_a_form_that_names_nothing_pauses_nothing(page: Page, queue: SceneQueue, about: str) -> None:
    """It is refused in words."""
    assert page.act("/steering/pauses/pause", about=about, why="x").status_code == 400
    assert queue.inspect.pauses() == []


def test_a_limit_is_changed_reset_and_undone_and_two_at_once_do_not_overwrite(page: Page, queue: SceneQueue) -> None:
    """The one who is late is told who was first."""
    act = {"name": "max_containers", "why": "too dear"}
    answer = page.act("/steering/limits/change", value="7", shown="environment", **act)
    assert answer.headers["location"] == "/steering?said=limit"
    late = page.act("/steering/limits/change", value="9", shown="environment", **act)
    assert late.status_code == 409
    assert "local has changed max_containers since: it is 7 now" in late.text
    page.act("/steering/limits/undo", shown="7", entry=queue.inspect.acts(1)[0].entry, **act)
    assert queue.inspect.limits() == []
    page.act("/steering/limits/change", value="8", shown="environment", **act)
    page.act("/steering/limits/reset", shown="8", **act)
    assert [act.act for act in queue.inspect.acts()] == ["limit", "limit", "undo", "limit"]


@pytest.mark.parametrize(
    ("name", "value"), [("max_containers", "0"), ("max_containers", "<b>"), ("nonsense", "1"), ("policy", "luck")]
)
def test_a_limit_that_its_setting_refuses_is_refused(page: Page, queue: SceneQueue, name: str, value: str) -> None:
    """In the same words as by the command, escaped."""
    answer = page.act("/steering/limits/change", name=name, value=value, shown="environment", why="x")
    assert answer.status_code == 422
    assert "<b>" not in answer.text
    assert queue.inspect.limits() == []


def test_the_audit_log_is_filtered_and_hostile_entries_are_text(page: Page, queue: SceneQueue) -> None:
    """Other programs may have written anything."""
    queue.operator.pause(by="ann", why="<script>alert(1)</script>")
    queue.operator.resume(by="bob", why="room")
    queue._connection.client.xadd(queue._connection.keys.audit, {"act": "<script>alert(2)</script>", "amount": "many"})
    whole, of_bob = page.text("/steering/audit"), page.text("/steering/audit?by=bob&before=nonsense")
    assert "<script>alert" not in whole
    assert "&lt;script&gt;alert(1)" in whole
    assert "room" in of_bob
    assert "alert(1)" not in of_bob


def test_settings_name_their_source_and_no_secret(page: Page, queue: SceneQueue) -> None:
    """Those of the dispatcher, with the limits that an operator has changed."""
    given = DispatcherSettings.load(max_containers="50", webhook_secret=_PASSWORD)
    queue.dispatcher.publish_settings(settings_in_force(given), 60)
    queue.operator.set_limits({"min_containers": "2"}, by="ann@films")
    html = page.text("/steering/settings?given=1")
    assert "SCENEBURST_MAX_CONTAINERS" in html
    assert "changed by ann@films" in html
    assert "idle_timeout_s" not in html
    assert _PASSWORD not in html
    assert "idle_timeout_s" in page.text("/steering/settings")


def test_checks_run_one_at_a_time_and_once_a_minute() -> None:
    """A click does not wait for them; one that fails leaves the findings before."""
    go, now, runs = threading.Event(), [0.0], 0

    def examine() -> list[Check]:
        nonlocal runs
        runs += 1
        go.wait(60)
        if runs == 2:
            raise RuntimeError
        return [Check("redis", is_good=True, is_needed=True, said="", mend=None, code="x", parameters={})]

    examination = Examination(examine, lambda: now[0])
    assert examination.begin()
    assert not examination.begin()
    assert examination.findings().is_running
    go.set()
    wait_until(lambda: not examination.findings().is_running, "the checks end")
    assert [check.what for check in examination.findings().checks or ()] == ["redis"]
    assert not examination.begin()
    now[0] = 61.0
    assert examination.begin()
    wait_until(lambda: not examination.findings().is_running, "the checks end")
    assert len(examination.findings().checks or ()) == 1


def test_the_checks_of_this_machine_are_shown_with_what_to_do(page: Page) -> None:
    """After a click, without a further one."""
    assert page.act("/steering/checks").headers["location"] == "/steering/checks?said=begun"
    wait_until(lambda: "What to do" in page.text("/steering/checks"), "the findings are shown")
    assert page.act("/steering/checks").headers["location"] == "/steering/checks?said=waits"


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("{url}/steering?x=1", "/steering?x=1"),
        ("https://example.com/steering", "/"),
        ("{url}//example.com", "/"),
        ("http://[", "/"),
    ],
)
def test_a_refused_form_leads_back_to_where_it_was_sent_from(page: Page, referer: str, back: str) -> None:
    """To no other site."""
    headers = {"Origin": page.server.url, "Sec-Fetch-Site": "same-origin", "Referer": referer.format(url=page.server.url)}
    answer = page.client.post("/steering/limits/change", data={"name": "policy", "why": "x"}, headers=headers)
    assert answer.status_code == 400
    assert f'<a href="{back}">' in answer.text


@pytest.mark.parametrize("role", [Role.LOOK, Role.OPERATE])
@pytest.mark.parametrize("name", ["steering", "keys", "checks", "containers"])
def test_a_role_is_shown_no_form_that_it_may_not_send(queue: SceneQueue, name: str, role: Role) -> None:
    """Lookers none; operators those of pauses, containers and checks."""
    queue.worker.beat(ContainerRecord(container_id=ContainerId("c1")))
    queue.access.make_key("shop", "a" * 64, "look", by="ann")
    queue.operator.pause(by="ann", why="disk full")
    view = next(view for view in VIEWS if view.name == name)
    html = "".join(Renderer(VIEWS).sections(view, {}, "en", role, view.look(queue, {})).values())
    forms = set(re.findall(r'<form[^>]* action="([^"]+)"', html))
    operated = {"steering": {"/steering/pauses/pause", "/steering/pauses/resume"}, "checks": {"/steering/checks"}}
    wanted = {**operated, "containers": {"/containers"}}.get(name, set()) if role is Role.OPERATE else set()
    assert forms == wanted


def test_every_act_of_an_operator_has_its_words() -> None:
    """As the steps of the queue write them."""
    steps = "".join(path.read_text() for path in Path(scripts.__file__).parent.glob("*.lua"))
    written = {word for call in re.findall(r"record_(?:act|part)\(([^\n]*)", steps) for word in re.findall(r"'([a-z]+)'", call)}
    assert ACTS.keys() - {"undo", "limit"} <= written
    assert {"pause", "resume", "retry", "requeue", "discard", "cancel", "drain", "stop", "key"} <= ACTS.keys()
    assert written - ACTS.keys() <= {"detail", "word", "revoked"}
