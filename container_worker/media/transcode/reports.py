"""Reads the plans and reports that items exchange, and those that a child has written, which reads users' files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from container_worker.codes import Code
from container_worker.sandbox.outputs import open_output
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.jobs.transcode.plan import TranscodePlan

#: Largest report, in bytes: of the packets of a track of a whole day.
_MAX_REPORT_BYTES = 256 * 1024 * 1024

Report = TypeVar("Report", bound=BaseModel)


@contextmanager
def usable(file: str) -> Iterator[None]:
    """Name the file of another item if the block finds that it cannot be used.

    Args:
        file: its name, for the message.

    Raises:
        BadInput: the block has raised a ValueError.
    """
    try:
        yield
    except ValueError as error:
        raise BadInput(Code.REPORT_UNUSABLE, file=file, problem=str(error)[:200]) from None


def read_plan(path: Path) -> TranscodePlan:
    """Read the plan of a source.

    Args:
        path: the fetched plan.json.

    Raises:
        BadInput: it is no plan.
    """
    with usable(path.name):
        return TranscodePlan.model_validate_json(path.read_bytes())


def read_report(path: Path, model: type[Report], max_bytes: int = _MAX_REPORT_BYTES) -> Report:
    """Read the report of an item's own child, and write it again as it was understood.

    Args:
        path: the report, in the child's folder.
        model: its type.
        max_bytes: size limit.

    Raises:
        ToolFailed: it was not made, or is no such report.
    """
    with open_output(path) as opened:
        if opened is None:
            raise ToolFailed(Code.RENDERER_MADE_NOTHING, file=path.name)
        with opened.open("rb") as file:
            text = file.read(max_bytes + 1)
    if len(text) > max_bytes:
        raise ToolFailed(Code.RENDERER_SAID_TOO_MUCH)
    try:
        report = model.model_validate_json(text)
    except ValidationError:
        raise ToolFailed(Code.RENDERER_UNINTELLIGIBLE, message=text[:200].decode(errors="replace")) from None
    path.write_text(report.model_dump_json(), encoding="utf-8")
    return report
