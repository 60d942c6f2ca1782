"""Dead letters by reason, and those of a filter: see, try ten, requeue or discard all."""

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
from sceneburst.page.views.jobs.listing import parse_labels
from scenequeue.jobs.job import Lane
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue

router = APIRouter()
PAGE, _REASONS = 25, 30
#: Letters that are counted one by one.
COUNTED = 1000


def filter_of(query: Mapping[str, str]) -> DeadFilter | None:
    """Return the filter that a query asks for; None if it names a lane that does not exist."""
    lane = query.get("lane", "")
    if lane and lane not in set(Lane):
        return None
    return DeadFilter(
        reason=query.get("reason", ""),
        job=query.get("job", ""),
        lane=Lane(lane) if lane else None,
        labels=parse_labels(query.get("label", "")),
        until_ms=whole(query.get("until", "")),
    )


def whole(text: str) -> int | None:
    """Return a moment in milliseconds; None for anything else."""
    return int(text) if text.isdecimal() and len(text) <= 15 else None


def count_of(queue: SceneQueue, wanted: DeadFilter, by_reason: Mapping[str, int]) -> tuple[int, bool]:
    """Return the number of letters of a filter, and whether it is exact; it is not counted further than COUNTED."""
    if wanted.until_ms is None and wanted.job == "" and wanted.lane is None and not wanted.labels:
        if not wanted.reason:
            return sum(by_reason.values()), True
        if wanted.reason in by_reason:
            return by_reason[wanted.reason], True
    found = queue.inspect.count_dead(wanted, COUNTED)
    return found, found < COUNTED


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    wanted = filter_of(query)
    by_reason = queue.inspect.reasons()
    reasons = queue.inspect.dead_reasons(_REASONS)
    number, is_exact = count_of(queue, wanted, by_reason) if wanted else (0, True)
    last = whole(query.get("before", ""))
    shown = queue.inspect.find_dead(wanted.model_copy(update={"until_ms": last}) if last else wanted, PAGE + 1) if wanted else []
    return {
        "reasons": reasons,
        "more_reasons": max(0, len(by_reason) - _REASONS),
        "all_letters": sum(by_reason.values()),
        "number": number,
        "is_exact": is_exact,
        "letters": [letter_of(each) for each in shown[:PAGE]],
        "older": shown[PAGE].buried_ms if len(shown) > PAGE else 0,
        "filtered": {name: query[name] for name in ("reason", "job", "lane", "label") if name in query},
        "lanes": tuple(lane.value for lane in Lane),
        "now_ms": queue.inspect.now_ms(),
        "asked": query.get("ask", "") if query.get("ask") in {"requeue", "discard"} else "",
    }


VIEW = View(
    "dead",
    "/dead",
    msgid("Dead letters"),
    _look,
    parameters=("reason", "job", "lane", "label", "before", "ask"),
    router=router,
    shows_bulk=True,
    said={
        "tried": (
            msgid("%(n)s letter is ready again; below stands how it ends"),
            msgid("%(n)s letters are ready again; below stands how they end"),
        ),
        "begun": (
            msgid("Begun for %(n)s letter; the progress stands below, and this tab may be closed"),
            msgid("Begun for %(n)s letters; the progress stands below, and this tab may be closed"),
        ),
        "requeued": (msgid("The item is ready again"), msgid("The item is ready again")),
        "discarded": (msgid("The letter is discarded"), msgid("The letter is discarded")),
        "gone": (
            msgid("Somebody was faster: the letter is gone; nothing was done"),
            msgid("Somebody was faster: the letters are gone; nothing was done"),
        ),
    },
)


@router.post("/dead/{act}")
async def act_on_many(
    act: Literal["try", "requeue", "discard"],
    service: Annotated[Service, Depends(service_of)],
    viewer: Annotated[Caller, Depends(allowed(Role.OPERATE))],
    form: Annotated[Form, Depends(read_form)],
) -> Response:
    """Act on the letters of a filter that were there when the form was shown; later ones stay."""
    why = form.why
    fields = {name: form.text(name) for name in ("reason", "job", "lane", "label")}
    fields |= {"until": str(form.whole("until"))} if act != "try" else {}
    wanted = filter_of(fields)

    def do() -> tuple[str, int]:
        queue = service.queue
        if wanted is None:
            return "gone", 0
        if act == "try":
            tried = service.bulk.try_ten(queue, wanted, viewer.name, why)
            return ("tried" if tried.changed else "gone"), tried.changed
        if not (number := queue.inspect.count_dead(wanted, 1)):
            return "gone", number
        service.bulk.start(queue, act, wanted, viewer.name, why)
        return "begun", form.whole("shown")

    said, number = await service.call(do)
    service.forget_looks()
    return back_to(VIEW, form, said, n=number)
