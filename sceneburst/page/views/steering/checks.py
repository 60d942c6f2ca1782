"""The findings of `doctor`, as seen from the machine of the page."""

from collections.abc import Mapping
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends, Response

from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Caller, Role
from sceneburst.local.doctor import examine
from sceneburst.page.forms import Form, back_to, read_form
from sceneburst.page.languages import msgid
from sceneburst.page.service import Service, service_of
from sceneburst.page.view import Query, View
from sceneburst.page.views.steering.examination import Examination
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason

router = APIRouter()
#: One for each queue that this process shows.
_EXAMINATIONS: WeakKeyDictionary[SceneQueue, Examination] = WeakKeyDictionary()


def _look(queue: SceneQueue, _: Query) -> Mapping[str, Any]:
    examination = _EXAMINATIONS.get(queue)
    found = examination.findings() if examination else None
    checks = sorted(found.checks or (), key=lambda check: (check.is_good, not check.is_needed)) if found else []
    return {
        "found": found,
        "checks": [(check, Reason.kept_as(check.code, check.parameters)) for check in checks],
        "wrong": sum(check.is_needed and not check.is_good for check in checks),
    }


VIEW = View(
    "checks",
    "/steering/checks",
    msgid("Checks"),
    _look,
    router=router,
    in_navigation=False,
    within="steering",
    said={
        "begun": (msgid("The checks run"), msgid("The checks run")),
        "waits": (
            msgid("The checks run, or have run less than a minute ago"),
            msgid("The checks run, or have run less than a minute ago"),
        ),
    },
)


@router.post("/steering/checks")
async def check(
    service: Annotated[Service, Depends(service_of)],
    _: Annotated[Caller, Depends(allowed(Role.OPERATE))],
    form: Annotated[Form, Depends(read_form)],
) -> Response:
    """Run the checks, which is not waited for."""
    settings = service.settings
    address, namespace = settings.redis_address.get_secret_value(), settings.namespace
    examination = _EXAMINATIONS.setdefault(service.queue, Examination(lambda: examine((), address, namespace)))
    has_begun = examination.begin()
    service.forget_looks()
    return back_to(VIEW, form, "begun" if has_begun else "waits")
