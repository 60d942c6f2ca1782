"""The kinds of fleets, and the choice between them."""

from dispatcher.fleet import Fleet
from dispatcher.fleets.settings import DockerSettings, FargateSettings
from scenequeue.settings import DispatcherSettings, SceneburstSettings

#: The further settings of each kind of fleet.
_SETTINGS: dict[str, type[SceneburstSettings]] = {"docker": DockerSettings, "fargate": FargateSettings}


def settings_of(settings: DispatcherSettings) -> list[SceneburstSettings]:
    """Return a dispatcher's settings, and those of its fleet if it has any of its own.

    Raises:
        SettingsError: a setting of that fleet is missing or malformed.
    """
    return [settings, *(each.load() for name, each in _SETTINGS.items() if name == settings.fleet)]


def fleet_from(settings: DispatcherSettings) -> Fleet:
    """Make the fleet that SCENEBURST_FLEET names.

    Raises:
        SettingsError: a setting of that fleet is missing or malformed.
    """
    if settings.fleet == "process":
        from dispatcher.fleets.process import ProcessFleet

        return ProcessFleet.from_settings(settings)
    if settings.fleet == "fargate":
        from dispatcher.fleets.fargate.fleet import FargateFleet

        return FargateFleet.from_environment(namespace=settings.namespace)
    from dispatcher.fleets.docker.fleet import DockerFleet

    return DockerFleet.from_environment(namespace=settings.namespace)
