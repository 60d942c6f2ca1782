"""Where containers run: one module per kind of fleet."""

from dispatcher.fleets.base import Fleet
from scenequeue.errors import SettingsError
from scenequeue.settings import DispatcherSettings


def fleet_from(settings: DispatcherSettings) -> Fleet:
    """The fleet that SCENEBURST_FLEET names.

    Raises:
        SettingsError: it is not available in this version.
    """
    if settings.fleet == "process":
        from dispatcher.fleets.process import ProcessFleet

        return ProcessFleet.from_settings(settings)
    raise SettingsError(f"SCENEBURST_FLEET: the {settings.fleet!r} fleet is not available yet; use 'process'")
