"""Finds all settings that a dispatcher refuses at its start, by the checks that it runs there itself."""

import errno
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dispatcher.broker import check_broker
from dispatcher.codes import Code
from dispatcher.fleets import fleet_from
from dispatcher.metrics.address import SETTING, parse_metrics_address
from dispatcher.operator_settings import check_policy
from scenequeue.errors import FleetError, SceneburstError, SettingsError
from scenequeue.settings import DispatcherSettings


def refusals(settings: DispatcherSettings) -> Iterator[SceneburstError]:
    """Yield the errors with which a dispatcher with these settings would end at its start."""
    yield from _refused(settings, (check_policy, check_broker, fleet_from, _check_metrics_address))


def refusals_without_fleet(settings: DispatcherSettings) -> Iterator[SceneburstError]:
    """Yield the same errors, except for those of the fleet's own settings."""
    yield from _refused(settings, (check_policy, check_broker, _check_metrics_address))


def _refused(settings: DispatcherSettings, checks: Iterable[Callable[[DispatcherSettings], Any]]) -> Iterator[SceneburstError]:
    for check in checks:
        try:
            check(settings)
        except (SettingsError, FleetError) as error:
            yield error


def _check_metrics_address(settings: DispatcherSettings) -> None:
    if not settings.metrics_address:
        return
    host, port = parse_metrics_address(settings.metrics_address)
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        # A dispatcher that runs already may have it.
        if error.errno != errno.EADDRINUSE:
            problem = error.strerror or str(error)
            address = settings.metrics_address
            raise SettingsError(Code.METRICS_ADDRESS_UNUSABLE, setting=SETTING, address=address, problem=problem) from None
