"""Takes back changes of limits, as long as nobody has changed them since."""

import json
import re
import secrets
from collections.abc import Sequence

from scenequeue.errors import ActConflict
from scenequeue.ports.steering.audit_log import ENVIRONMENT, Act, act_words, read_act
from scenequeue.ports.steering.limits import check_together, checked, refuse_late
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection

_ENTRY = re.compile(r"\d{1,20}-\d{1,20}", re.ASCII)


def undo_limits(connection: Connection, entries: Sequence[str], by: str, why: str) -> list[str]:
    """Give limits the values from before these acts: all of them, or none; return their names.

    Raises:
        ActConflict: an entry is no change of a limit, or is no longer kept; or somebody has changed a limit since.
        SettingsError: a setting refuses the value from before, or the values do not go together.
    """
    words: list[str] = []
    values: dict[str, str] = {}
    for entry in entries:
        found = _change(connection, entry)
        name, (was, now) = found.limit, found.values
        values[name] = "" if was == ENVIRONMENT else json.dumps(checked(name, was))
        words += (name, values[name], entry, now)
    check_together(connection, values)
    refuse_late(connection.run("limits", *act_words(by, why), "undo", secrets.token_hex(8), *words))
    return [*values]


def _change(connection: Connection, entry: str) -> Act:
    act = read_act(connection, entry) if _ENTRY.fullmatch(entry) else None
    if act is None or not act.limit:
        raise ActConflict(Code.ACT_NOT_UNDOABLE, entry=entry)
    return act
