"""The containers: what each works on, what it costs, and the drain of all that are shown."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Caller, Role
from sceneburst.page.codes import Code
from sceneburst.page.errors import Overtaken
from sceneburst.page.forms import Form, back_to, query_in, read_form
from sceneburst.page.languages import msgid
from sceneburst.page.service import Service, service_of
from sceneburst.page.view import Query, View
from sceneburst.page.views.containers.rows import GROUPS, ORDERS, counts_of, drainable_in, tables_of
from scenequeue.queue import SceneQueue

#: Containers that are read, the newest. Each costs a read a second while somebody looks.
_MAX_CONTAINERS = 1000
router = APIRouter()


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    records, now_ms = queue.inspect.containers_with_marks(_MAX_CONTAINERS), queue.inspect.now_ms()
    return {
        "tables": tables_of(records, now_ms, query),
        "counts": counts_of(records, now_ms),
        "groups": GROUPS,
        "orders": ORDERS,
        "drainable": len(drainable_in(records, query)),
        "has_dispatcher": queue.inspect.has_dispatcher(),
    }


VIEW = View(
    "containers",
    "/containers",
    msgid("Containers"),
    _look,
    parameters=("state", "text", "sort"),
    router=router,
    said={"drained": (msgid("%(n)s container drains"), msgid("%(n)s containers drain"))},
)


@router.post("/containers")
async def drain_all(
    service: Annotated[Service, Depends(service_of)],
    viewer: Annotated[Caller, Depends(allowed(Role.OPERATE))],
    form: Annotated[Form, Depends(read_form)],
) -> Response:
    """Drain all containers that the filter shows, unless they have become more since."""
    shown, why = form.whole("shown"), form.why

    def drain() -> int:
        queue = service.queue
        found = drainable_in(queue.inspect.containers_with_marks(_MAX_CONTAINERS), query_in(VIEW, form))
        if len(found) > shown:
            raise Overtaken(Code.CONTAINERS_INCREASED, shown=shown, now=len(found))
        for container_id in found:
            queue.operator.drain(container_id, by=viewer.name, why=why)
        return len(found)

    drained = await service.call(drain)
    service.forget_looks()
    return back_to(VIEW, form, "drained", n=drained)
