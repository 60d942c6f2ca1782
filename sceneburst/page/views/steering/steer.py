"""Steering: pauses of everything, lanes and jobs, and limits of the dispatcher."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response

from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Caller, Role
from sceneburst.page.codes import Code
from sceneburst.page.errors import BadForm
from sceneburst.page.forms import Form, back_to, read_form
from sceneburst.page.languages import msgid
from sceneburst.page.service import Service, service_of
from sceneburst.page.view import Query, View
from sceneburst.page.views.steering.limit_rows import limit_rows
from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue

#: Acts among which the last change of each limit is looked for, and paused jobs that are listed.
_MAX_ACTS, _MAX_PAUSES = 300, 50
router = APIRouter()


def _look(queue: SceneQueue, _: Query) -> Mapping[str, Any]:
    inspect = queue.inspect
    depth = inspect.depth()
    return {
        "pauses": inspect.pauses(_MAX_PAUSES),
        "ready": depth.counts.ready,
        "ready_by_lane": {lane.value: depth.ready_by_lane.get(lane, 0) for lane in Lane},
        "limits": limit_rows(inspect.limits(), inspect.plan(), inspect.settings(), inspect.acts(_MAX_ACTS)),
        "has_dispatcher": inspect.has_dispatcher(),
    }


_PAUSED_ALREADY = msgid("It was paused already; nothing was changed")
_RESUMED_ALREADY = msgid("This pause had ended already; nothing was changed")
_LIMIT = msgid("The limit holds from the dispatcher's next tick on")
_RESET = msgid("The dispatcher's own setting holds from its next tick on")
_UNDONE, _RESUMED = msgid("The change is undone"), msgid("Resumed")
VIEW = View(
    "steering",
    "/steering",
    msgid("Steering"),
    _look,
    router=router,
    said={
        "paused": (msgid("Paused; %(n)s ready item waits"), msgid("Paused; %(n)s ready items wait")),
        "paused-already": (_PAUSED_ALREADY, _PAUSED_ALREADY),
        "resumed": (_RESUMED, _RESUMED),
        "resumed-already": (_RESUMED_ALREADY, _RESUMED_ALREADY),
        "limit": (_LIMIT, _LIMIT),
        "reset": (_RESET, _RESET),
        "undone": (_UNDONE, _UNDONE),
    },
)
Shared = Annotated[Service, Depends(service_of)]
Operator = Annotated[Caller, Depends(allowed(Role.OPERATE))]
Administrator = Annotated[Caller, Depends(allowed(Role.ADMINISTER))]
Filled = Annotated[Form, Depends(read_form)]


@router.post("/steering/pauses/{act}")
async def pause(act: Literal["pause", "resume"], service: Shared, viewer: Operator, form: Filled) -> Response:
    """Pause or resume everything, a lane or a job; a pause that was shown is resumed only if it is still that one."""
    about, why = _about(form), form.why
    since_ms = form.whole("since") if form.text("since") else None

    def do() -> tuple[str, int]:
        operator = service.queue.operator
        if act == "resume":
            is_done = operator.resume(viewer.name, why, **about, since_ms=since_ms)
            return "resumed" if is_done else "resumed-already", 0
        is_new = operator.pause(viewer.name, why, **about)
        return ("paused" if is_new else "paused-already"), _waiting(service.queue, **about)

    said, waiting = await service.call(do)
    service.forget_looks()
    return back_to(VIEW, form, said, n=waiting)


@router.post("/steering/limits/{act}")
async def limit(act: Literal["change", "reset", "undo"], service: Shared, viewer: Administrator, form: Filled) -> Response:
    """Change a limit, reset it, or undo its last change; refused if somebody else has changed it since it was shown."""
    name, why = form.needed("name"), form.why
    seen, value = {name: form.needed("shown")}, form.needed("value") if act == "change" else ""
    entry = form.needed("entry") if act == "undo" else ""

    def do() -> str:
        operator = service.queue.operator
        if act == "undo":
            operator.undo(entry, by=viewer.name, why=why)
            return "undone"
        if act == "reset":
            operator.reset_limits([name], by=viewer.name, why=why, seen=seen)
            return "reset"
        operator.set_limits({name: value}, by=viewer.name, why=why, seen=seen)
        return "limit"

    said = await service.call(do)
    service.forget_looks()
    return back_to(VIEW, form, said)


def _about(form: Form) -> dict[str, Any]:
    """Return what a form pauses, as arguments; empty for everything.

    Raises:
        BadForm: it names neither everything, nor a lane, nor a job.
    """
    kind, _, name = form.needed("about").partition("=")
    if kind == "all" and not name:
        return {}
    if kind == "lane" and name in set(Lane):
        return {"lane": Lane(name)}
    if kind == "job":
        return {"job": name or form.needed("job")}
    raise BadForm(Code.FIELD_MALFORMED, field="about")


def _waiting(queue: SceneQueue, lane: Lane | None = None, job: str = "") -> int:
    """Count the ready items that a pause is about."""
    if job:
        return queue.inspect.job(job).counts.ready
    depth = queue.inspect.depth()
    return depth.ready_by_lane.get(lane, 0) if lane else depth.counts.ready
