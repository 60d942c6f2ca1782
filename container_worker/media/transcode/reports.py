"""Reads reports that a child has written, which is not trusted, because it reads users' files."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from container_worker.codes import Code
from container_worker.sandbox.outputs import open_output
from scenequeue.errors import ToolFailed

#: Largest report, in bytes: of the packets of a track of a whole day.
_MAX_REPORT_BYTES = 256 * 1024 * 1024

Report = TypeVar("Report", bound=BaseModel)


def read_report(path: Path, model: type[Report], max_bytes: int = _MAX_REPORT_BYTES) -> Report:
    """Read a child's report, and write it again as it was understood.

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
