"""Adds the last lines of a program's stderr to the reason that it failed."""

from container_worker.codes import Code
from scenequeue.reasons import Reason


def with_last_lines(problem: Reason, lines: str) -> Reason:
    """Return the reason with these lines after it; unchanged without any."""
    said = lines.rstrip()
    return Reason(Code.WITH_LAST_LINES, {"problem": problem, "lines": said}) if said else problem


def last_lines_of(reason: Reason) -> str:
    """Return the lines that `with_last_lines` added; "" where there are none."""
    return str(reason.parameters.get("lines", "")) if reason.code == Code.WITH_LAST_LINES else ""
