"""Serves `/media/<job>/<item>/<folder>/<file>`: a file that this item's result names, to somebody who may look.

An object in a bucket is answered by a redirection to an address that is valid for some minutes; a local file is streamed; and a
playlist is sent as it is, so that the addresses in it lead to the page again.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.exceptions import HTTPException

from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Caller, Role
from sceneburst.page.media.outputs import PLAYLIST, SHOWN, find_artifact, tail_of
from sceneburst.page.media.ranges import NotInFile, read_span, span_of
from sceneburst.page.service import Service, service_of
from scenequeue.errors import ObjectNotFound
from scenequeue.jobs.artifact import Artifact

router = APIRouter()
#: Seconds for which a presigned address is valid: a paused video asks the page for another one when it goes on.
_VALID_S = 900
_MAX_PLAYLIST_BYTES = 4 * 1024 * 1024


@router.get("/media/{job_id}/{item_id}/{tail:path}")
async def media(
    job_id: str,
    item_id: str,
    tail: str,
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    _: Annotated[Caller, Depends(allowed(Role.LOOK))],
) -> Response:
    """Send a file of an item, or lead to it."""
    is_download = "download" in request.query_params
    return await service.call(lambda: _answer(service, job_id, item_id, tail, request.headers.get("range", ""), is_download))


def _answer(service: Service, job_id: str, item_id: str, tail: str, asked: str, is_download: bool) -> Response:
    result = service.queue.producer.result(job_id, item_id)
    # The address is the result's own; the request only chooses among those.
    artifact = None if result is None else find_artifact(result, tail)
    if artifact is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    storage, media_type = service.producer.storage, _media_type(artifact)
    name = tail_of(artifact.address).rpartition("/")[2]
    is_shown = media_type in SHOWN and not is_download
    disposition = f"{'inline' if is_shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"
    if media_type == PLAYLIST and is_shown:
        return _playlist(service, artifact)
    signed = storage.presigned(artifact.address, media_type=media_type, disposition=disposition, seconds=_VALID_S)
    if signed is not None:
        return RedirectResponse(signed, HTTPStatus.TEMPORARY_REDIRECT)
    return _stream(service, artifact.address, asked, media_type, disposition)


def _media_type(artifact: Artifact) -> str:
    if artifact.role == "playlist":
        return PLAYLIST
    return artifact.media_type if artifact.media_type in SHOWN else "application/octet-stream"


def _playlist(service: Service, artifact: Artifact) -> Response:
    with tempfile.TemporaryDirectory(prefix="sb-page-") as folder:
        target = Path(folder, "playlist")
        service.producer.storage.get(artifact.address, target, max_bytes=_MAX_PLAYLIST_BYTES)
        return Response(target.read_bytes(), media_type=PLAYLIST)


def _stream(service: Service, address: str, asked: str, media_type: str, disposition: str) -> Response:
    opened = ExitStack()
    try:
        file, size = opened.enter_context(service.producer.storage.opened(address))
        headers = {"Accept-Ranges": "bytes", "Content-Disposition": disposition}
        try:
            span = span_of(asked, size)
        except NotInFile:
            opened.close()
            return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"})
        begin, end = span or (0, size)
        headers["Content-Length"] = str(end - begin)
        if span is not None:
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    except ObjectNotFound:
        opened.close()
        raise HTTPException(HTTPStatus.NOT_FOUND) from None
    except BaseException:
        opened.close()
        raise

    def chunks() -> Iterator[bytes]:
        with opened:
            yield from read_span(file, begin, end)

    status = HTTPStatus.OK if span is None else HTTPStatus.PARTIAL_CONTENT
    return StreamingResponse(chunks(), status, headers, media_type)
