"""Adds the last lines of a program's stderr to the reason that it failed."""

from scenequeue.reasons import LAST_LINES, Reason


def with_last_lines(problem: Reason, lines: str) -> Reason:
    """Return the reason with these lines added, after those that it has; unchanged without any."""
    said = "\n".join(filter(None, (last_lines_of(problem), lines.rstrip())))
    return problem.with_parameters(**{LAST_LINES: said}) if said else problem


def last_lines_of(reason: Reason) -> str:
    """Return the lines that `with_last_lines` added; "" if there are none."""
    return str(reason.parameters.get(LAST_LINES, ""))
