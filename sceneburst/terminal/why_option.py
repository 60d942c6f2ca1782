"""The option by which a command is told the reason of an act, for the audit log."""

from typing import Annotated

import typer

from sceneburst.codes import Code
from sceneburst.terminal.usage import RefusedWord


def _bounded(why: str) -> str:
    """Refuse a reason that would be cut."""
    # Slow to load, and help needs no Redis.
    from scenequeue.ports.steering.audit_log import ACT_CHARACTERS

    if len(why) > ACT_CHARACTERS:
        raise RefusedWord(Code.WHY_TOO_LONG, "--why", characters=len(why), most=ACT_CHARACTERS)
    return why


WhyOption = Annotated[
    str, typer.Option("--why", callback=_bounded, help="The reason, for the audit log and for others.", show_default=False)
]
