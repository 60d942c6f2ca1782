"""Checks the address of Celery's broker."""

import re
from collections.abc import Callable
from typing import Any

from kombu import transport
from kombu.connection import Connection

from dispatcher.codes import Code
from scenequeue.errors import InvalidValue, SettingsError
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.redaction import mask_url
from scenequeue.settings import DispatcherSettings

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9]*)(?:\+[A-Za-z0-9+]+)?://")
_resolve: Callable[[str], Any] = transport.resolve_transport


def check_broker(settings: DispatcherSettings) -> None:
    """Check that Celery can read the address of its broker; it would take a malformed one for the name of a RabbitMQ host.

    Raises:
        SettingsError: it is malformed, or its transport cannot be loaded; the message contains no part of a password.
    """
    url = settings.broker_url.get_secret_value()
    try:
        _parse(url)
    except ValueError as error:
        # Messages of the standard library contain the URL, so only our own are shown.
        why = error.reason if isinstance(error, InvalidValue) else Reason(QueueCode.URL_MALFORMED)
        setting, masked = settings.name_of("broker_url"), repr(mask_url(url))
        raise SettingsError(Code.NOT_BROKER_URL, setting=setting, url=masked, problem=why) from None


def _parse(url: str) -> None:
    named = _SCHEME.match(url)
    if named is None:
        raise InvalidValue(Code.BROKER_TRANSPORT_MISSING)
    try:
        _resolve(named[1])
    except KeyError:
        raise InvalidValue(Code.BROKER_TRANSPORT_UNKNOWN, transport=named[1]) from None
    except (ImportError, AttributeError) as error:
        raise InvalidValue(Code.BROKER_TRANSPORT_UNUSABLE, transport=named[1], problem=str(error)) from None
    # Not connected yet.
    Connection(url)  # type: ignore[no-untyped-call]
