"""Reads logs of containers from the place where their fleet stores them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

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
        raise LogNotFound(_in_cloudwatch(record))
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
        where = f" on {record.host}" if record.host else ""
        raise LogNotFound(
            f"container {record.container_id} has no log of its own: it was started by hand{where}, or never; what it "
            "writes goes to whoever started it"
        )
    try:
        with Path(record.log).open("rb") as log:
            while chunk := log.read(_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        where = f"the dispatcher's machine ({record.host})" if record.host else "the dispatcher's machine"
        raise LogNotFound(
            f"{record.log} cannot be read here ({error.strerror}): it is on {where}, and is kept for a day after the end"
        ) from None


def _from_engine(record: ContainerRecord) -> Iterator[bytes]:
    from dispatcher.fleets.docker.fleet import DockerFleet

    # The image matters to launches only.
    fleet = DockerFleet.from_environment(docker_image="any")
    try:
        found = fleet.logs(record.handle)
        if found is None:
            raise LogNotFound(
                f"the engine has no container {record.container_id} any more: two minutes after its end it goes, with its log"
            )
        yield from found
    finally:
        fleet.close()


def _in_cloudwatch(record: ContainerRecord) -> str:
    task = record.handle.rpartition("/")[2]
    region = f" --region {record.region}" if record.region else ""
    return (
        f"container {record.container_id} is the ECS task {task or '?'}: it writes to CloudWatch, which is not read from here "
        f"yet; its group is the awslogs-group of the task definition (the template's is /sceneburst/STACK/worker): "
        f"aws logs tail GROUP --log-stream-names worker/worker/{task}{region}"
    )
