"""Reads what operators steer by: pauses, limits, settings in force, and the audit log."""

from scenequeue.jobs.job import Pause
from scenequeue.ports.steering.audit_log import Act, read_acts
from scenequeue.ports.steering.audit_search import ActFilter, ActPage, find_acts
from scenequeue.ports.steering.limits import Limit, read_limits
from scenequeue.ports.steering.pauses import read_pauses
from scenequeue.ports.steering.settings_in_force import SettingInForce, read_settings
from scenequeue.structure.connection import Connection


class SteeringReader:
    """The part of the inspector that reads what operators have said."""

    _connection: Connection

    def acts(self, limit: int = 100) -> list[Act]:
        """Return the newest entries of the audit log, newest first."""
        return read_acts(self._connection, limit)

    def find_acts(self, wanted: ActFilter, before: str = "", limit: int = 50) -> ActPage:
        """Return the newest acts that match a filter; see scenequeue/ports/steering/audit_search.py."""
        return find_acts(self._connection, wanted, before, limit)

    def limits(self) -> list[Limit]:
        """Return the limits that operators have changed. Cost: one read."""
        return read_limits(self._connection)

    def settings(self) -> list[SettingInForce]:
        """Return the acting dispatcher's settings in force, with the source of each; no secrets. Cost: one read."""
        return read_settings(self._connection)

    def pauses(self, limit: int = 1000) -> list[Pause]:
        """Return the pauses in force: of everything, of lanes, and of the jobs that were paused last. Cost: two round trips."""
        return read_pauses(self._connection, limit)
