"""One container: its items with bars, its facts, its log, and the acts on it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response

from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Caller, Role
from sceneburst.page.forms import Form, back_to, read_form
from sceneburst.page.languages import msgid
from sceneburst.page.service import Service, service_of
from sceneburst.page.view import Query, View
from sceneburst.page.views.containers.log_lines import readable_lines
from sceneburst.page.views.containers.rows import row_of
from scenequeue.queue import SceneQueue

router = APIRouter()


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    container_id = query["container_id"]
    record = queue.inspect.container_with_marks(container_id)
    return {
        "container_id": container_id,
        "record": record,
        "row": row_of(record, queue.inspect.now_ms()) if record else None,
        "held": queue.inspect.held_by(container_id) if record and not record.has_ended else [],
        "log": readable_lines(queue.inspect.log(container_id)) if record else [],
        "has_dispatcher": queue.inspect.has_dispatcher(),
    }


VIEW = View(
    "container",
    "/containers/{container_id}",
    msgid("Container"),
    _look,
    parameters=("container_id",),
    router=router,
    in_navigation=False,
    within="containers",
    said={
        "drained": (
            msgid("It drains: %(n)s item goes on until it ends, and no other begins"),
            msgid("It drains: %(n)s items go on until they end, and no other begins"),
        ),
        "stopped": (
            msgid("It is to stop at the dispatcher's next tick: %(n)s item comes back to the queue"),
            msgid("It is to stop at the dispatcher's next tick: %(n)s items come back to the queue"),
        ),
        "ended": (msgid("It has ended already; nothing was done"), msgid("It has ended already; nothing was done")),
    },
)


@router.post("/containers/{container_id}/{act}")
async def act_on_one(
    container_id: str,
    act: Literal["drain", "stop"],
    service: Annotated[Service, Depends(service_of)],
    viewer: Annotated[Caller, Depends(allowed(Role.OPERATE))],
    form: Annotated[Form, Depends(read_form)],
) -> Response:
    """Drain or stop a container; one that has ended meanwhile is left alone."""
    why = form.why

    def do() -> tuple[str, int]:
        queue = service.queue
        record = queue.inspect.container(container_id)
        if record is None or record.has_ended:
            return "ended", 0
        held = len(queue.inspect.held_by(container_id))
        if act == "drain":
            queue.operator.drain(container_id, by=viewer.name, why=why)
            return "drained", held
        return ("stopped", held) if queue.operator.stop(container_id, by=viewer.name, why=why) else ("ended", 0)

    said, held = await service.call(do)
    service.forget_looks()
    return back_to(VIEW, form, said, n=held)
