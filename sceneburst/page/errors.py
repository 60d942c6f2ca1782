"""The page's own errors, and the HTTP status of each error."""

from http import HTTPStatus

from sceneburst.access.errors import FromElsewhere, RoleTooLow, TooManyAttempts
from scenequeue.errors import (
    ActConflict,
    InvalidScenes,
    JobConflict,
    JobNotFound,
    QueueUnavailable,
    SceneburstError,
    SettingsError,
)


class BadForm(SceneburstError):
    """A form is incomplete, or was not made by the page."""


class Overtaken(SceneburstError):
    """Something has changed since the form was shown."""


class TooManyTabs(SceneburstError):
    """As many live streams are open as are allowed."""


_STATUS: dict[type[SceneburstError], HTTPStatus] = {
    RoleTooLow: HTTPStatus.FORBIDDEN,
    FromElsewhere: HTTPStatus.FORBIDDEN,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    BadForm: HTTPStatus.BAD_REQUEST,
    Overtaken: HTTPStatus.CONFLICT,
    ActConflict: HTTPStatus.CONFLICT,
    TooManyTabs: HTTPStatus.SERVICE_UNAVAILABLE,
    JobNotFound: HTTPStatus.NOT_FOUND,
    JobConflict: HTTPStatus.CONFLICT,
    InvalidScenes: HTTPStatus.UNPROCESSABLE_ENTITY,
    QueueUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    SettingsError: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def status_of(error: SceneburstError) -> int:
    """Return the HTTP status of an error."""
    return next((int(status) for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
