"""Checks that the settings leave the HTTP API neither open by mistake nor open to others."""

from sceneburst.access.origin import is_loopback
from sceneburst.http_api.codes import Code
from scenequeue.errors import SettingsError
from scenequeue.settings import ApiSettings


def check_access(settings: ApiSettings) -> None:
    """Refuse settings that leave the API open by mistake.

    Raises:
        SettingsError: an open API has keys, or is not limited to this machine.
    """
    if settings.api_open and settings.api_keys:
        raise SettingsError(Code.API_OPEN_WITH_KEYS, setting=settings.name_of("api_open"))
    if settings.api_open and not is_loopback(settings.api_host):
        raise SettingsError(Code.API_OPEN_TO_OTHERS, setting=settings.name_of("api_open"), host=settings.api_host)
