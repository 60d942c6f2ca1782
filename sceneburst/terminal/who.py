"""Names the person at the command line, for the audit log."""

import getpass
import os
import socket


def operator_name() -> str:
    """Return user@host; where the system knows no name of the user, the number."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        # A container's user often has no entry in the list of users.
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
