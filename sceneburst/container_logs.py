"""Reads logs of containers from the place where their fleet stores them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from sceneburst.codes import Code
from scenequeue.errors import FleetError, LogNotFound
from scenequeue.jobs.container import ContainerRecord

_CHUNK_BYTES = 64 * 1024


def log_or_tail(record: ContainerRecord, tail: Sequence[str]) -> tuple[Iterable[bytes], str]:
    """Return a container's complete log, or else the last lines that the container has reported.

    Args:
        record: the container's record.
        tail: the reported lines; without any there is no substitute for the log.

    Returns:
        The log in pieces, and the reason that only the tail is returned; "" for a complete log.

    Raises:
        LogNotFound, FleetError: as `log_of`, if no lines were reported.
    """
    try:
        chunks = iter(log_of(record))
        return chain([next(chunks, b"")], chunks), ""
    except (LogNotFound, FleetError) as error:
        if not tail:
            raise
        return [f"{line}\n".encode(errors="replace") for line in tail], str(error)


def log_of(record: ContainerRecord) -> Iterator[bytes]:
    """Read a container's standard output and error so far, in pieces.

    Raises:
        LogNotFound: it cannot be read from here; the message names its place.
        FleetError: the container engine does not answer; transient.
    """
    if record.fleet == "docker":
        return _from_engine(record)
    if record.fleet == "fargate":
        raise _in_cloudwatch(record)
    return _from_file(record)


def lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """Split a log into lines, without line ends; bytes that are not UTF-8 become replacement characters."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace").removesuffix("\r") for line in whole)
    if rest:
        yield rest.decode(errors="replace")


def _from_file(record: ContainerRecord) -> Iterator[bytes]:
    if not record.log:
        if record.host:
            raise LogNotFound(Code.LOG_NOT_KEPT_ON, container_id=record.container_id, host=record.host)
        raise LogNotFound(Code.LOG_NOT_KEPT, container_id=record.container_id)
    try:
        with Path(record.log).open("rb") as log:
            while chunk := log.read(_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        problem = error.strerror or str(error)
        if record.host:
            raise LogNotFound(Code.LOG_ON_HOST, path=record.log, problem=problem, host=record.host) from None
        raise LogNotFound(Code.LOG_ELSEWHERE, path=record.log, problem=problem) from None


def _from_engine(record: ContainerRecord) -> Iterator[bytes]:
    from dispatcher.fleets.docker.fleet import DockerFleet

    # The image matters to launches only.
    fleet = DockerFleet.from_environment(docker_image="any")
    try:
        found = fleet.logs(record.handle)
        if found is None:
            raise LogNotFound(Code.LOG_GONE, container_id=record.container_id)
        yield from found
    finally:
        fleet.close()


def _in_cloudwatch(record: ContainerRecord) -> LogNotFound:
    task = record.handle.rpartition("/")[2]
    region = f" --region {record.region}" if record.region else ""
    command = f"aws logs tail GROUP --log-stream-names worker/worker/{task}{region}"
    return LogNotFound(Code.LOG_IN_CLOUDWATCH, container_id=record.container_id, task=task or "?", command=command)
