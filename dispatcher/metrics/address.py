"""Parses SCENEBURST_METRICS_ADDRESS."""

from dispatcher.codes import Code
from scenequeue.errors import SettingsError

SETTING = "SCENEBURST_METRICS_ADDRESS"
_LOOPBACK = "127.0.0.1"
_MAX_PORT = 65535


def parse_metrics_address(text: str) -> tuple[str, int]:
    """Return host and port of host:port; without a host, those of the loopback address.

    Raises:
        SettingsError: the port is no number up to 65535.
    """
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= _MAX_PORT):
        raise SettingsError(Code.METRICS_ADDRESS_MALFORMED, setting=SETTING, address=text)
    return host.removeprefix("[").removesuffix("]") or _LOOPBACK, int(port)
