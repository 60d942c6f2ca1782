"""The HTTP API's routes."""

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Role
from sceneburst.http_api.bodies import read_body, request_from, rules_for
from sceneburst.http_api.service import Service, service_of
from sceneburst.http_api.stream import open_stream
from sceneburst.http_api.transcode_bodies import transcoding_from
from sceneburst.http_api.views import REFUSALS, SUBMISSION_BODY, TRANSCODE_BODY, Backlog, Health, Job, ResultPage
from scenequeue.jobs.job import JobStatus
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.steering.audit_log import ACT_CHARACTERS

#: For load balancers and operators: they need no key and are not counted.
probes = APIRouter(tags=["probes"])
_bearer = HTTPBearer(auto_error=False, description="a key of `sceneburst keys`, or of SCENEBURST_API_KEYS")
Shared = Annotated[Service, Depends(service_of)]


async def authenticate(
    request: Request, service: Shared, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    """Authenticate the caller and count the request, before any part of the body is read."""
    request.state.caller = await service.admit(credentials.credentials if credentials else None)


#: For whom it is, of those who have a key: all others need the role look alone, which every key has.
OPERATE = [Depends(allowed(Role.OPERATE))]
jobs = APIRouter(prefix="/v1", tags=["jobs"], dependencies=[Depends(authenticate)], responses=REFUSALS)


@jobs.post("/jobs", status_code=202, dependencies=OPERATE, openapi_extra=SUBMISSION_BODY, summary="Submit a job, whole or not")
async def submit(request: Request, response: Response, service: Shared) -> Job:
    """Everything is checked before anything is enqueued. The same job_id with the same content is the same job."""
    body = await read_body(request, service.settings.api_max_body_mib)
    status = await service.call(lambda: _submitted(service, body))
    response.headers["Location"] = f"/v1/jobs/{status.job_id}"
    return Job.of(status)


@jobs.post("/transcodes", status_code=202, dependencies=OPERATE, openapi_extra=TRANSCODE_BODY, summary="Submit a transcoding")
async def transcode(request: Request, response: Response, service: Shared) -> Job:
    """Cut a video, encode it in many containers, join it exactly, and verify it. The answer is a job like all others."""
    body = await read_body(request, service.settings.api_max_body_mib)
    status = await service.call(lambda: _transcoding(service, body))
    response.headers["Location"] = f"/v1/jobs/{status.job_id}"
    return Job.of(status)


@jobs.get("/jobs/{job_id}", summary="How a job stands")
async def status(job_id: str, service: Shared) -> Job:
    """State, counts and progress."""
    return Job.of(await service.call(lambda: service.producer.job(job_id).status()))


@jobs.get("/jobs/{job_id}/results", summary="Results so far, in order, in pages")
async def results(
    job_id: str,
    service: Shared,
    from_: Annotated[
        str, Query(alias="from", pattern=r"^\d{1,3}-\d{1,9}$", description="item id of the first; `next` of the last page")
    ] = "0-0",
    limit: Annotated[int, Query(ge=1, le=1000, description="most results of the page")] = 100,
) -> ResultPage:
    """Results in the order of the scenes, then the film. Items that have not ended are omitted."""
    found = await service.call(lambda: _results(service, job_id, from_, limit + 1))
    return ResultPage(results=found[:limit], next=found[limit].item_id if len(found) > limit else None)


@jobs.get(
    "/jobs/{job_id}/events",
    summary="What happens to a job, as it happens",
    response_class=Response,
    responses={
        200: {
            "description": "server-sent events; the `data` of each is an Event, that of the last one, `end`, a Job",
            "content": {"text/event-stream": {"example": 'id: 1767225600000-0\nevent: done\ndata: {"item_id":"0-0"}\n\n'}},
        },
        204: {"description": "the job has ended and all of its events were seen: do not connect again"},
    },
)
async def events(
    job_id: str,
    service: Shared,
    last_event_id: Annotated[str | None, Header(description="id of the last event seen: goes on after it")] = None,
) -> Response:
    """Server-sent events: submitted, leased, done, retry, dead, stage, finished …, and finally `end` with the job."""
    return await open_stream(service, job_id, last_event_id)


@jobs.delete("/jobs/{job_id}", dependencies=OPERATE, summary="Cancel a job")
async def cancel(
    job_id: str,
    request: Request,
    service: Shared,
    why: Annotated[str, Query(description="the reason, for the audit log", max_length=ACT_CHARACTERS)] = "",
) -> Job:
    """Drop the waiting items, and stop the running ones within a heartbeat. Idempotent."""
    return Job.of(await service.call(lambda: service.producer.queue.producer.cancel(job_id, request.state.caller.name, why)))


@jobs.get("/depth", summary="What waits, by lane")
async def depth(service: Shared) -> Backlog:
    """The backlog; the cost does not depend on its size."""
    return Backlog.of(await service.call(service.producer.queue.inspect.depth))


@probes.get("/healthz", summary="The process lives")
async def healthz() -> Health:
    """Liveness: does not depend on Redis."""
    return Health()


@probes.get("/readyz", summary="Redis answers", responses=REFUSALS)
async def readyz(service: Shared) -> Health:
    """Readiness: Redis answers."""
    await service.check_ready()
    return Health()


def _submitted(service: Service, body: bytes) -> JobStatus:
    request, mistakes = request_from(body, service.settings)
    return service.producer.submit(request, rules_for(service.settings.file_roots), mistakes).status()


def _transcoding(service: Service, body: bytes) -> JobStatus:
    request, mistakes = transcoding_from(body)
    return service.producer.submit_transcoding(request, rules_for(service.settings.file_roots), mistakes).status()


def _results(service: Service, job_id: str, first: str, count: int) -> list[ItemResult]:
    """Return up to `count` results, beginning with an item, of its stage and later ones."""
    stage, index = (int(part) for part in first.split("-"))
    job = service.producer.job(job_id)
    return list(islice(service.producer.queue.producer.results(job.job_id, stage, index), count))
