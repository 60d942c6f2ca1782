"""Names the user of the command line and the reason of an act, for the audit log."""

import getpass
import os
import socket
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


def operator_name() -> str:
    """Return user@host; the user's number if the system has no name for it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        # A container's user often has no entry in the user database.
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
