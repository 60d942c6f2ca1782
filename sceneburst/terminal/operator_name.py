"""Names the user of the command line, for the audit log."""

import getpass
import os
import socket


def operator_name() -> str:
    """Return user@host; the user's number if the system has no name for it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        # A container's user often has no entry in the user database.
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
