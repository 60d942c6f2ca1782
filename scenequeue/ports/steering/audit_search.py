"""Finds acts in the audit log by who, by act and by what they were about, page by page."""

import re
from typing import NamedTuple

from scenequeue.ports.steering.audit_log import Act, act_from
from scenequeue.structure.connection import Connection

_ENTRY = re.compile(r"\d{1,20}-\d{1,20}", re.ASCII)
#: Entries read in one round trip, and for one page: a filter that few acts match must not read the whole log at once.
_AT_ONCE, _MAX_READ = 250, 2000


class ActFilter(NamedTuple):
    """Properties that an act must have, all of them; empty ones are not compared."""

    #: Part of the operator's name.
    by: str = ""
    #: The act's word, such as "pause".
    act: str = ""
    #: Part of what it was about, of its detail, or of its reason.
    about: str = ""

    def matches(self, act: Act) -> bool:
        """Return True for an act that has all properties; upper and lower case are the same."""
        about = f"{act.about} {act.detail} {act.why}".casefold()
        return (
            self.by.casefold() in act.by.casefold() and (not self.act or self.act == act.act) and self.about.casefold() in about
        )


class ActPage(NamedTuple):
    """Some acts, newest first."""

    acts: list[Act]
    #: The entry before which to go on; "" at the end of the log.
    older: str


def find_acts(connection: Connection, wanted: ActFilter, before: str, limit: int) -> ActPage:
    """Return the newest acts that match; of these, those before an entry if one is given. Cost: 2,000 entries at most."""
    found: list[Act] = []
    last = before if _ENTRY.fullmatch(before) else ""
    for _ in range(_MAX_READ // _AT_ONCE):
        entries = connection.answer("xrevrange", connection.keys.audit, f"({last}" if last else "+", "-", count=_AT_ONCE) or []
        for entry_id, fields in entries:
            act, last = act_from(entry_id, fields), entry_id
            if wanted.matches(act):
                found.append(act)
                if len(found) == limit:
                    return ActPage(found, last)
        if len(entries) < _AT_ONCE:
            return ActPage(found, "")
    return ActPage(found, last)
