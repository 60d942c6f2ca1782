"""s3:// addresses, through boto3; its own environment variables and roles decide endpoint and credentials."""

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

from scenequeue.counted import counted
from scenequeue.errors import BadInput, DiskFull, ItemError, ObjectNotFound, SettingsError, StorageDenied, StorageUnavailable
from scenequeue.jobs.address import bucket_and_key
from scenequeue.storage import Stored, sha256_of
from scenequeue.storages.aws_session import aws_session
from scenequeue.storages.disk_errors import is_full
from scenequeue.storages.files import whole

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MULTIPART_BYTES = 16 * 1024 * 1024
_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
_DENIED = frozenset(
    {
        *("403", "AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch", "400"),
        # The address or the object is of a kind that no retry makes usable.
        *("InvalidBucketName", "KeyTooLongError", "MetadataTooLarge", "EntityTooLarge", "InvalidObjectState", "InvalidRequest"),
    }
)
#: Refusals that are this container's passing trouble, not the item's.
_PASSING = frozenset({"ExpiredToken", "TokenRefreshRequired"})
_FORBIDDEN = 403
#: S3 refuses what is signed further than this from its own clock, in seconds; to HEAD it does not say why.
_MOST_SKEW_S = 15 * 60.0
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONFIG = Config(
    # Inside one attempt at an item; a longer outage becomes a delayed retry of the item.
    retries={"mode": "adaptive", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=32,
)
_TRANSFER = TransferConfig(multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES, max_concurrency=4)


class S3Storage:
    """Objects in S3 or whatever speaks its API. Thread-safe."""

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
        """Stream the object to a file; see Storage.get. A body shorter than announced is an error, never a file."""
        bucket, key = bucket_and_key(uri)
        with _translated(uri):
            answer = self._client.get_object(Bucket=bucket, Key=key)
            size = answer["ContentLength"]
            if size > max_bytes:
                answer["Body"].close()
                raise BadInput(f"{uri} has {size} bytes; at most {max_bytes} are allowed")
            digest = hashlib.sha256()
            received = 0
            with whole(target) as copy, copy.open("wb") as sink:
                for chunk in answer["Body"].iter_chunks(1024 * 1024):
                    if stop_if_asked:
                        stop_if_asked()
                    received += len(chunk)
                    digest.update(chunk)
                    sink.write(chunk)
                if received != size:
                    raise StorageUnavailable(f"{uri}: {received} of {counted(size, 'byte')} arrived")
                promised = answer["Metadata"].get("sha256", "")
                if _HEX_SHA256.fullmatch(promised) and promised != digest.hexdigest():
                    raise StorageUnavailable(f"{uri} arrived damaged: its checksum differs")
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
        """Upload, in parts above 16 MiB; see Storage.put. S3 shows an object only when all of it has arrived."""
        bucket, key = bucket_and_key(uri)
        digest = sha256_of(source)
        size = source.stat().st_size
        kept = {name: _ascii(value) for name, value in {**metadata, "sha256": digest}.items()}
        extra: dict[str, Any] = {"Metadata": kept, "ContentType": content_type}
        with _translated(uri):
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
        """One HEAD request; see Storage.stat.

        Who may not list a bucket is answered 403 for a key that is not there, as for one that may not be read. Both are None:
        whoever writes or reads it next is told which it is.
        """
        bucket, key = bucket_and_key(uri)
        try:
            with _translated(uri):
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
        """Check that the bucket is there and ours; S3 tells whether it may be written only by writing."""
        bucket, _ = bucket_and_key(uri.rstrip("/") + "/x")
        try:
            with _translated(uri):
                self._client.head_bucket(Bucket=bucket)
        except ObjectNotFound:
            raise StorageDenied(f"{uri}: there is no bucket {bucket!r}") from None
        except StorageDenied as error:
            # HeadBucket asks for the right to list, and gives no reason; a role that may only get and put may lack it.
            if _status_of(error.__cause__) != _FORBIDDEN:
                raise
            self._unless_only_listing_is_denied(uri)

    def check_listable(self, uri: str) -> None:
        """Find out whether keys under the URI may be listed.

        Raises:
            StorageDenied, StorageUnavailable, ObjectNotFound: there is no such bucket.
        """
        bucket, key = bucket_and_key(uri)
        with _translated(uri):
            self._client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)

    def delete(self, uri: str) -> None:
        """Remove an object; none there is success.

        Raises:
            StorageDenied, StorageUnavailable.
        """
        bucket, key = bucket_and_key(uri)
        with _translated(uri):
            self._client.delete_object(Bucket=bucket, Key=key)

    def _unless_only_listing_is_denied(self, uri: str) -> None:
        try:
            self.check_listable(uri.rstrip("/") + "/x")
        except StorageDenied as error:
            cause = error.__cause__
            if not isinstance(cause, ClientError) or cause.response.get("Error", {}).get("Code") != "AccessDenied":
                raise


def _ascii(value: str) -> str:
    # S3 metadata travels in HTTP headers: no line break, nothing beyond ASCII.
    return value.encode("unicode_escape").decode("ascii")


def _classified(uri: str, error: ClientError) -> ItemError | SettingsError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = _status_of(error)
    if code in _ABSENT:
        return ObjectNotFound(f"{uri}: nothing there ({code})")
    if code == "RequestTimeTooSkewed" or (status == _FORBIDDEN and abs(_clock_lead_s(error)) > _MOST_SKEW_S):
        # The container's fault, not the item's: it would use up the attempts of one item after the other.
        return SettingsError(f"{uri}: refused, as this machine's clock is {_clock_lead_s(error):+.0f} s from S3's")
    if code not in _PASSING and (code in _DENIED or status == _FORBIDDEN):
        hint = "; S3 says the same of a key that is not there to a role without s3:ListBucket" if code == "AccessDenied" else ""
        return StorageDenied(f"{uri}: refused ({code}): {error.response['Error'].get('Message', '')}{hint}")
    return StorageUnavailable(f"{uri}: {error}")


def _status_of(error: BaseException | None) -> int | None:
    """The HTTP status of an answer of S3's."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(error, ClientError) else None


def _clock_lead_s(error: ClientError) -> float:
    """Return the seconds by which our clock is ahead of the one that answered; 0 where the answer names no time."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return time.time() - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        return 0.0


@contextmanager
def _translated(uri: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _classified(uri, error) from error
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        # The container's fault, not the item's: where there is a role, it succeeds.
        raise SettingsError(f"{uri}: no AWS credentials ({error}); use a role, or AWS's own environment variables") from error
    except ParamValidationError as error:
        raise StorageDenied(f"{uri}: {error}") from error
    except S3UploadFailedError as error:
        # boto3 wraps what happened to one part; whether it may pass is in there.
        cause = error.__context__
        raise (_classified(uri, cause) if isinstance(cause, ClientError) else StorageUnavailable(f"{uri}: {error}")) from error
    except BotoCoreError as error:
        raise StorageUnavailable(f"{uri}: {error}") from error
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"{uri}: no space left on the device") from error
        raise StorageUnavailable(f"{uri}: {error}") from error
