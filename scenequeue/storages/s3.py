"""Storage of s3:// addresses through boto3, whose own environment variables and roles set endpoint and credentials."""

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from scenequeue.errors import BadInput, ItemError, ObjectNotFound, SettingsError, StorageDenied, StorageUnavailable
from scenequeue.jobs.address import bucket_and_key
from scenequeue.jobs.transcode.working_folder import depth_of_work
from scenequeue.reasons import Code
from scenequeue.storage import Stored, sha256_of
from scenequeue.storages.atomic import atomic_write
from scenequeue.storages.aws_session import aws_session
from scenequeue.storages.disk_errors import copy_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MULTIPART_BYTES = 16 * 1024 * 1024
_NOT_FOUND = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
_DENIED = frozenset(
    {
        *("403", "AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch", "400"),
        # Errors of the address or the object, which no retry mends.
        *("InvalidBucketName", "KeyTooLongError", "MetadataTooLarge", "EntityTooLarge", "InvalidObjectState", "InvalidRequest"),
    }
)
#: Refusals of expired credentials, which boto3 renews.
_TRANSIENT = frozenset({"ExpiredToken", "TokenRefreshRequired"})
_FORBIDDEN = 403
#: S3 refuses a signature whose time differs by more than this from its own, in seconds; its answer to HEAD has no reason.
_MAX_SKEW_S = 15 * 60.0
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONFIG = Config(
    # These retries are for short faults; after a longer outage the item itself is retried later.
    retries={"mode": "adaptive", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=32,
)
_TRANSFER = TransferConfig(multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES, max_concurrency=4)


class S3Storage:
    """Objects in S3, or in another store with its API. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: S3Client | None = None

    @property
    def _client(self) -> "S3Client":
        with self._lock:
            if self._made is None:
                self._made = aws_session().client("s3", config=_CONFIG)
            return self._made

    def get(self, uri: str, target: Path, *, max_bytes: int, stop_if_asked: Callable[[], None] | None = None) -> Stored:
        """Stream the object to a file; see Storage.get. A body that is shorter than announced is an error."""
        bucket, key = bucket_and_key(uri)
        with _translating_errors(uri, "s3:GetObject"):
            answer = self._client.get_object(Bucket=bucket, Key=key)
            size = answer["ContentLength"]
            if size > max_bytes:
                answer["Body"].close()
                raise BadInput(Code.FILE_TOO_LARGE, uri=uri, size=size, limit=max_bytes)
            digest = hashlib.sha256()
            received = 0
            with atomic_write(target) as copy, copy.open("wb") as sink:
                for chunk in answer["Body"].iter_chunks(1024 * 1024):
                    if stop_if_asked:
                        stop_if_asked()
                    received += len(chunk)
                    digest.update(chunk)
                    sink.write(chunk)
                if received != size:
                    raise StorageUnavailable(Code.ARRIVED_SHORT, uri=uri, received=received, size=size)
                expected = answer["Metadata"].get("sha256", "")
                if _HEX_SHA256.fullmatch(expected) and expected != digest.hexdigest():
                    raise StorageUnavailable(Code.ARRIVED_DAMAGED, uri=uri)
        return Stored(uri=uri, bytes=size, sha256=digest.hexdigest(), metadata=answer["Metadata"])

    def put(
        self,
        source: Path,
        uri: str,
        *,
        metadata: Mapping[str, str],
        content_type: str,
        on_bytes: Callable[[int], None] | None = None,
    ) -> Stored:
        """Upload, in parts from 16 MiB on; see Storage.put. An object is visible only when its upload is complete."""
        bucket, key = bucket_and_key(uri)
        digest = sha256_of(source)
        size = source.stat().st_size
        kept = {name: _ascii(value) for name, value in {**metadata, "sha256": digest}.items()}
        extra: dict[str, Any] = {"Metadata": kept, "ContentType": content_type}
        with _translating_errors(uri, "s3:PutObject"):
            if size < MULTIPART_BYTES:
                checksum = base64.b64encode(bytes.fromhex(digest)).decode()
                with source.open("rb") as body:
                    self._client.put_object(Bucket=bucket, Key=key, Body=body, ChecksumSHA256=checksum, **extra)
                if on_bytes:
                    on_bytes(size)
            else:
                extra["ChecksumAlgorithm"] = "SHA256"
                self._client.upload_file(str(source), bucket, key, ExtraArgs=extra, Callback=on_bytes, Config=_TRANSFER)
        return Stored(uri=uri, bytes=size, sha256=digest, metadata=kept)

    def stat(self, uri: str) -> Stored | None:
        """Send one HEAD request; see Storage.stat.

        Without the permission to list the bucket, S3 answers 403 both for a missing key and for one that may not be read.
        Both give None; the next read or write tells which it is.
        """
        bucket, key = bucket_and_key(uri)
        try:
            with _translating_errors(uri, "s3:GetObject"):
                answer = self._client.head_object(Bucket=bucket, Key=key)
        except ObjectNotFound:
            return None
        except StorageDenied as error:
            if _status_of(error.__cause__) == _FORBIDDEN:
                return None
            raise
        metadata = answer["Metadata"]
        return Stored(uri=uri, bytes=answer["ContentLength"], sha256=metadata.get("sha256"), metadata=metadata)

    def check_writable(self, uri: str) -> None:
        """Check that the bucket exists and is accessible; S3 reveals the permission to write only in a write."""
        bucket, _ = bucket_and_key(uri.rstrip("/") + "/x")
        try:
            with _translating_errors(uri, "s3:ListBucket"):
                self._client.head_bucket(Bucket=bucket)
        except ObjectNotFound:
            raise StorageDenied(Code.BUCKET_MISSING, uri=uri, bucket=bucket) from None
        except StorageDenied as error:
            # HeadBucket needs the permission to list, which a role that may only get and put can lack; its 403 has no reason.
            if _status_of(error.__cause__) != _FORBIDDEN:
                raise
            self._raise_unless_only_listing_is_denied(uri)

    def check_listable(self, uri: str) -> None:
        """Check that keys under the URI may be listed.

        Raises:
            ObjectNotFound: there is no such bucket.
            StorageDenied, StorageUnavailable: listing is refused, or fails.
        """
        bucket, key = bucket_and_key(uri)
        with _translating_errors(uri, "s3:ListBucket"):
            self._client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)

    def delete(self, uri: str) -> None:
        """Delete an object; a missing one is a success.

        Raises:
            StorageDenied, StorageUnavailable: deleting is refused, or fails.
        """
        bucket, key = bucket_and_key(uri)
        with _translating_errors(uri, "s3:DeleteObject"):
            self._client.delete_object(Bucket=bucket, Key=key)

    def delete_under(self, uri: str) -> None:
        """List and delete, a thousand objects per request; see Storage.delete_under."""
        bucket, key = bucket_and_key(uri.rstrip("/"))
        depth_of_work(uri, key.split("/"))
        while True:
            # From the start each time, as listing goes on reliably only while nothing is deleted.
            with _translating_errors(uri, "s3:ListBucket"):
                listed = self._client.list_objects_v2(Bucket=bucket, Prefix=f"{key}/").get("Contents", [])
            if not listed:
                return
            with _translating_errors(uri, "s3:DeleteObject"):
                answer = self._client.delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": each["Key"]} for each in listed], "Quiet": True}
                )
            for refused in answer.get("Errors", []):
                code, problem = refused.get("Code", ""), refused.get("Message", "")
                denied = Code.S3_FORBIDS if code == "AccessDenied" else Code.S3_REFUSED
                if code in _DENIED:
                    raise StorageDenied(denied, uri=uri, answer=code, problem=problem, permission="s3:DeleteObject")
                raise StorageUnavailable(Code.ADDRESS_FAILED, uri=uri, problem=f"{code}: {problem}")

    def _raise_unless_only_listing_is_denied(self, uri: str) -> None:
        try:
            self.check_listable(uri.rstrip("/") + "/x")
        except StorageDenied as error:
            cause = error.__cause__
            if not isinstance(cause, ClientError) or cause.response.get("Error", {}).get("Code") != "AccessDenied":
                raise


def _ascii(value: str) -> str:
    # S3 metadata is sent in HTTP headers, which hold neither line breaks nor characters beyond ASCII.
    return value.encode("unicode_escape").decode("ascii")


def _error_from(uri: str, permission: str, error: ClientError) -> ItemError | SettingsError:
    """Translate S3's refusal of a call, which needs this permission."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = _status_of(error)
    if code in _NOT_FOUND:
        return ObjectNotFound(Code.OBJECT_MISSING, uri=uri, answer=code)
    if code == "RequestTimeTooSkewed" or (status == _FORBIDDEN and abs(_clock_lead_s(error)) > _MAX_SKEW_S):
        # A SettingsError ends the container; an ItemError would use up the attempts of one item after the other.
        return SettingsError(Code.CLOCK_SKEWED, uri=uri, lead_s=_clock_lead_s(error))
    if code not in _TRANSIENT and (code in _DENIED or status == _FORBIDDEN):
        problem = error.response["Error"].get("Message", "")
        if code != "AccessDenied":
            return StorageDenied(Code.S3_REFUSED, uri=uri, answer=code, problem=problem)
        # Only for a read, a missing object may be the cause.
        denied = Code.S3_DENIED if permission == "s3:GetObject" else Code.S3_FORBIDS
        return StorageDenied(denied, uri=uri, answer=code, problem=problem, permission=permission)
    return StorageUnavailable(Code.ADDRESS_FAILED, uri=uri, problem=str(error))


def _status_of(error: BaseException | None) -> int | None:
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
def _translating_errors(uri: str, permission: str) -> Iterator[None]:
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
