"""Translates the refusals and errors of S3, and of boto3."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from scenequeue.errors import ItemError, ObjectNotFound, SettingsError, StorageDenied, StorageUnavailable
from scenequeue.reasons import Code
from scenequeue.storages.disk_errors import copy_error

_NOT_FOUND = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
DENIED = frozenset(
    {
        *("403", "AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch", "400"),
        # Errors of the address or the object, which no retry mends.
        *("InvalidBucketName", "KeyTooLongError", "MetadataTooLarge", "EntityTooLarge", "InvalidObjectState", "InvalidRequest"),
    }
)
#: Refusals of expired credentials, which boto3 renews.
_TRANSIENT = frozenset({"ExpiredToken", "TokenRefreshRequired"})
FORBIDDEN = 403
#: S3 refuses a signature whose time differs by more than this from its own, in seconds; its answer to HEAD has no reason.
_MAX_SKEW_S = 15 * 60.0


def _error_from(uri: str, permission: str, error: ClientError) -> ItemError | SettingsError:
    """Translate S3's refusal of a call, which needs this permission."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = status_of(error)
    if code in _NOT_FOUND:
        return ObjectNotFound(Code.OBJECT_MISSING, uri=uri, answer=code)
    if code == "RequestTimeTooSkewed" or (status == FORBIDDEN and abs(_clock_lead_s(error)) > _MAX_SKEW_S):
        # A SettingsError ends the container; an ItemError would use up the attempts of one item after the other.
        return SettingsError(Code.CLOCK_SKEWED, uri=uri, lead_s=_clock_lead_s(error))
    if code not in _TRANSIENT and (code in DENIED or status == FORBIDDEN):
        problem = error.response["Error"].get("Message", "")
        if code != "AccessDenied":
            return StorageDenied(Code.S3_REFUSED, uri=uri, answer=code, problem=problem)
        # Only for a read, a missing object may be the cause.
        denied = Code.S3_DENIED if permission == "s3:GetObject" else Code.S3_FORBIDS
        return StorageDenied(denied, uri=uri, answer=code, problem=problem, permission=permission)
    return StorageUnavailable(Code.ADDRESS_FAILED, uri=uri, problem=str(error))


def status_of(error: BaseException | None) -> int | None:
    """Return the HTTP status of S3's answer; None if the error is not one."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(error, ClientError) else None


def _clock_lead_s(error: ClientError) -> float:
    """Return the seconds by which our clock is ahead of the server's; 0 if its answer has no date."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return time.time() - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        return 0.0


@contextmanager
def translating_errors(uri: str, permission: str) -> Iterator[None]:
    """Translate the errors of boto3, and of the local file.

    Args:
        uri: the address, for messages.
        permission: the IAM action that the call needs.
    """
    try:
        yield
    except ClientError as error:
        raise _error_from(uri, permission, error) from error
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        # A SettingsError, as the item succeeds in a container with a role.
        raise SettingsError(Code.NO_CREDENTIALS, uri=uri, problem=str(error)) from error
    except ParamValidationError as error:
        raise StorageDenied(Code.ADDRESS_REFUSED, uri=uri, problem=str(error)) from error
    except S3UploadFailedError as error:
        # boto3 wraps the error of a part; the part's error tells if it is transient.
        cause = error.__context__
        if isinstance(cause, ClientError):
            raise _error_from(uri, permission, cause) from error
        raise StorageUnavailable(Code.ADDRESS_FAILED, uri=uri, problem=str(error)) from error
    except BotoCoreError as error:
        raise StorageUnavailable(Code.ADDRESS_FAILED, uri=uri, problem=str(error)) from error
    except OSError as error:
        raise copy_error(uri, error) from error
