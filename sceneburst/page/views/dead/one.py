"""One dead letter: inputs, history with the tool's last lines, requeue and discard."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response

from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Caller, Role
from sceneburst.page.dead.history import letter_of
from sceneburst.page.forms import Form, back_to, read_form
from sceneburst.page.languages import msgid
from sceneburst.page.service import Service, service_of
from sceneburst.page.view import Query, View
from sceneburst.page.views.dead import letters
from scenequeue.errors import JobNotFound
from scenequeue.queue import SceneQueue

router = APIRouter()


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    job_id, item_id = query["job_id"], query["item_id"]
    try:
        found = letter_of(queue.inspect.dead_letter(job_id, item_id))
    except JobNotFound:
        found = None
    return {"job_id": job_id, "item_id": item_id, "found": found}


VIEW = View(
    "letter",
    "/dead/{job_id}/{item_id}",
    msgid("Dead letter"),
    _look,
    parameters=("job_id", "item_id"),
    router=router,
    in_navigation=False,
    within="dead",
)


@router.post("/dead/{job_id}/{item_id}/{act}")
async def act_on_one(
    job_id: str,
    item_id: str,
    act: Literal["requeue", "discard"],
    service: Annotated[Service, Depends(service_of)],
    viewer: Annotated[Caller, Depends(allowed(Role.OPERATE))],
    form: Annotated[Form, Depends(read_form)],
) -> Response:
    """Requeue or discard one letter; one that is gone meanwhile is left alone."""
    why = form.why

    def do() -> str:
        step = service.queue.operator.requeue if act == "requeue" else service.queue.operator.discard
        try:
            step(job_id, item_id, viewer.name, why)
        except JobNotFound:
            return "gone"
        return f"{act}ed" if act == "discard" else "requeued"

    said = await service.call(do)
    service.forget_looks()
    return back_to(letters.VIEW, form, said, n=1)
