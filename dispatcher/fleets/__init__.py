"""The kinds of fleets, and the choice between them."""

from dispatcher.fleet import Fleet
from scenequeue.settings import DispatcherSettings


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
