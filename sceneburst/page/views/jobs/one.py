"""One job: stages, progress, cost, items with their files, failed items with their history, events, and the acts on it."""

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response

from dispatcher.decisions.job_costs import Bill, bill_of_job, failed_attempts
from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Caller, Role
from sceneburst.page.dead.history import Letter, letter_of
from sceneburst.page.forms import Form, back_to, read_form
from sceneburst.page.languages import msgid
from sceneburst.page.media.serving import router as media_router
from sceneburst.page.service import Service, service_of
from sceneburst.page.view import Query, View
from sceneburst.page.views.jobs.items import LOOKED_AT, own_items, tiles_of
from sceneburst.page.views.jobs.stages import forecast, stages_of
from scenequeue.errors import JobConflict, JobNotFound
from scenequeue.jobs.job import JobEvent, JobState, JobStatus
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue

router = APIRouter()
router.include_router(media_router)
_LETTERS, _EVENTS = 10, 30
_STATES = {
    "": msgid("all"),
    "leased": msgid("in work"),
    "done": msgid("done"),
    "dead": msgid("failed"),
    "dropped": msgid("dropped"),
}


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    job_id = query["job_id"]
    try:
        job = queue.inspect.job(job_id)
    except JobNotFound:
        return {"job": None, "job_id": job_id}
    leased = own_items(queue.inspect.leased(), job_id)
    results, events, bill = _facts(queue, job)
    now_ms = queue.inspect.now_ms()
    ended = job.counts.done + job.counts.dead + job.counts.dropped
    return {
        "job": job,
        "job_id": job_id,
        "ended": ended,
        "share": ended / job.counts.total if job.counts.total else 0.0,
        "waits": queue.inspect.waits_because(job),
        "stages": stages_of(job, results, leased),
        "forecast": forecast(job, results, leased, queue.inspect.rates(), now_ms),
        "took_s": ((job.finished_ms or now_ms) - job.created_ms) / 1000,
        "bill": bill,
        "items": _tiles(queue, query, leased),
        "states": _STATES,
        "letters": _letters(queue, job_id),
        "events": events[-_EVENTS:][::-1],
        "is_active": job.state is JobState.ACTIVE,
    }


def _facts(queue: SceneQueue, job: JobStatus) -> tuple[list[ItemResult], list[JobEvent], Bill | None]:
    """Return results, events and cost; of a large job some results, and no cost, which would need all of them."""
    try:
        results = list(islice(queue.producer.results(job.job_id), LOOKED_AT))
    except JobNotFound:
        results = []
    events = list(islice(queue.producer.all_events(job.job_id), 5 * LOOKED_AT))
    if job.counts.total > LOOKED_AT:
        return results, events, None
    records = queue.inspect.containers()
    return results, events, bill_of_job(results, records, queue.inspect.now_ms(), failed_attempts(events))


def _tiles(queue: SceneQueue, query: Query, leased: list[Any]) -> Any:
    try:
        return tiles_of(queue, query["job_id"], leased, query.get("items", ""), query.get("find", ""), query.get("after", ""))
    except JobNotFound:
        return None


def _letters(queue: SceneQueue, job_id: str) -> list[Letter]:
    return [letter_of(each) for each in queue.inspect.find_dead(DeadFilter(job=job_id), _LETTERS)]


VIEW = View(
    "job",
    "/jobs/{job_id}",
    msgid("Job"),
    _look,
    parameters=("job_id", "items", "find", "after"),
    router=router,
    in_navigation=False,
    within="jobs",
    shows_bulk=True,
    said={
        "cancelled": (
            msgid("Cancelled: %(n)s item dropped, %(m)s stopping"),
            msgid("Cancelled: %(n)s items dropped, %(m)s stopping"),
        ),
        "ended": (msgid("It has ended already; nothing was done"), msgid("It has ended already; nothing was done")),
        "paused": (msgid("Paused: %(n)s ready item waits"), msgid("Paused: %(n)s ready items wait")),
        "resumed": (msgid("It goes on: %(n)s item is ready"), msgid("It goes on: %(n)s items are ready")),
        "unchanged": (
            msgid("Somebody did that already; nothing was changed"),
            msgid("Somebody did that already; nothing was changed"),
        ),
        "retried": (msgid("%(n)s failed item is ready again"), msgid("%(n)s failed items are ready again")),
        "begun": (
            msgid("Begun for %(n)s failed item; the progress stands below"),
            msgid("Begun for %(n)s failed items; the progress stands below"),
        ),
    },
)


@router.post("/jobs/{job_id}/{act}")
async def act_on_job(
    job_id: str,
    act: Literal["cancel", "pause", "resume", "retry", "retry-all"],
    service: Annotated[Service, Depends(service_of)],
    viewer: Annotated[Caller, Depends(allowed(Role.OPERATE))],
    form: Annotated[Form, Depends(read_form)],
) -> Response:
    """Cancel, pause or resume a job, or retry one of its failed items, or all."""
    why = form.why
    item = form.needed("item") if act == "retry" else ""
    said, n, m = await service.call(lambda: _do(service, job_id, act, item, viewer.name, why))
    service.forget_looks()
    return back_to(VIEW, form, said, n=n, m=m)


def _do(service: Service, job_id: str, act: str, item: str, by: str, why: str) -> tuple[str, int, int]:
    queue = service.queue
    job = queue.inspect.job(job_id)
    if act == "cancel":
        now = queue.producer.cancel(job_id, by, why)
        is_cancelled = now.state is JobState.CANCELLED and job.state is not JobState.CANCELLED
        return ("cancelled", now.counts.dropped, now.counts.leased) if is_cancelled else ("ended", 0, 0)
    if act in {"pause", "resume"}:
        step = queue.operator.pause if act == "pause" else queue.operator.resume
        try:
            changed = step(by, why, job=job_id)
        except JobConflict:
            return "ended", 0, 0
        return (f"{act}d" if changed else "unchanged", queue.inspect.job(job_id).counts.ready if changed else 0, 0)
    if act == "retry":
        try:
            queue.operator.requeue(job_id, item, by, why)
        except JobNotFound:
            return "unchanged", 0, 0
        return "retried", 1, 0
    service.bulk.start(queue, "requeue", DeadFilter(job=job_id), by, why)
    return "begun", job.counts.dead, 0
