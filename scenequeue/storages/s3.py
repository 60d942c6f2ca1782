"""Storage of s3:// addresses through boto3, whose own environment variables and roles set endpoint and credentials."""

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from scenequeue.errors import BadInput, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.jobs.address import bucket_and_key
from scenequeue.jobs.transcode.working_folder import depth_of_work
from scenequeue.reasons import Code
from scenequeue.storage import FoundSource, Stored, sha256_of
from scenequeue.storages.atomic import atomic_write
from scenequeue.storages.aws_session import aws_session
from scenequeue.storages.s3_errors import DENIED, FORBIDDEN, status_of, translating_errors
from scenequeue.storages.s3_signing import SigningClients

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MULTIPART_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
#: HTTP statuses of a read that names an ETag, or a span, that the object does not have.
_CHANGED = frozenset({412, 416})
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
        self._signing = SigningClients()

    @property
    def _client(self) -> "S3Client":
        with self._lock:
            if self._made is None:
                self._made = aws_session().client("s3", config=_CONFIG)
            return self._made

    def get(self, uri: str, target: Path, *, max_bytes: int, stop_if_asked: Callable[[], None] | None = None) -> Stored:
        """Stream the object to a file; see Storage.get. A body that is shorter than announced is an error."""
        bucket, key = bucket_and_key(uri)
        with translating_errors(uri, "s3:GetObject"):
            answer = self._client.get_object(Bucket=bucket, Key=key)
            size = answer["ContentLength"]
            if size > max_bytes:
                answer["Body"].close()
                raise BadInput(Code.FILE_TOO_LARGE, uri=uri, size=size, limit=max_bytes)
            digest = hashlib.sha256()
            received = 0
            with atomic_write(target) as copy, copy.open("wb") as sink:
                for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
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

    def find_source(self, uri: str) -> FoundSource:
        """Send one HEAD request; the version is the ETag. See Storage.find_source."""
        bucket, key = bucket_and_key(uri)
        with translating_errors(uri, "s3:GetObject"):
            answer = self._client.head_object(Bucket=bucket, Key=key)
        return FoundSource(bytes=answer["ContentLength"], version=answer["ETag"])

    def read_range(
        self, uri: str, begin: int, end: int, *, version: str, target: BinaryIO, stop_if_asked: Callable[[], None] | None = None
    ) -> None:
        """Send one request on condition that the ETag is the same; see Storage.read_range."""
        bucket, key = bucket_and_key(uri)
        if begin >= end:
            return
        with translating_errors(uri, "s3:GetObject"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key, Range=f"bytes={begin}-{end - 1}", IfMatch=version)
            except ClientError as error:
                if status_of(error) in _CHANGED:
                    raise BadInput(Code.SOURCE_CHANGED, uri=uri) from error
                raise
            target.seek(begin)
            received = 0
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                if stop_if_asked:
                    stop_if_asked()
                received += len(chunk)
                if received > end - begin:
                    break
                target.write(chunk)
        if received != end - begin:
            raise StorageUnavailable(Code.ARRIVED_SHORT, uri=uri, received=received, size=end - begin)

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
        with translating_errors(uri, "s3:PutObject"):
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

    def presigned(self, uri: str, *, media_type: str, disposition: str, seconds: int) -> str:
        """Return an address at which anybody can read the object for some seconds.

        Args:
            uri: the object; whether it exists is not looked at.
            media_type: told to the reader, whatever the object was stored with.
            disposition: likewise, the Content-Disposition header.
            seconds: length of time.

        Raises:
            StorageDenied, SettingsError: the address is malformed, or there are no credentials.

        Cost: none, but the first time for a bucket one request for its region.
        """
        bucket, key = bucket_and_key(uri)
        asked = {"Bucket": bucket, "Key": key, "ResponseContentType": media_type, "ResponseContentDisposition": disposition}
        with translating_errors(uri, "s3:GetObject"):
            client = self._signing.client_for(self._client, bucket)
            return client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)

    @property
    def endpoint(self) -> str:
        """Address of the service that requests are sent to."""
        return str(self._client.meta.endpoint_url)

    def stat(self, uri: str) -> Stored | None:
        """Send one HEAD request; see Storage.stat.

        Without the permission to list the bucket, S3 answers 403 both for a missing key and for one that may not be read.
        Both give None; the next read or write tells which it is.
        """
        bucket, key = bucket_and_key(uri)
        try:
            with translating_errors(uri, "s3:GetObject"):
                answer = self._client.head_object(Bucket=bucket, Key=key)
        except ObjectNotFound:
            return None
        except StorageDenied as error:
            if status_of(error.__cause__) == FORBIDDEN:
                return None
            raise
        metadata = answer["Metadata"]
        return Stored(uri=uri, bytes=answer["ContentLength"], sha256=metadata.get("sha256"), metadata=metadata)

    def check_writable(self, uri: str) -> None:
        """Check that the bucket exists and is accessible; S3 reveals the permission to write only in a write."""
        bucket, _ = bucket_and_key(uri.rstrip("/") + "/x")
        try:
            with translating_errors(uri, "s3:ListBucket"):
                self._client.head_bucket(Bucket=bucket)
        except ObjectNotFound:
            raise StorageDenied(Code.BUCKET_MISSING, uri=uri, bucket=bucket) from None
        except StorageDenied as error:
            # HeadBucket needs the permission to list, which a role that may only get and put can lack; its 403 has no reason.
            if status_of(error.__cause__) != FORBIDDEN:
                raise
            self._raise_unless_only_listing_is_denied(uri)

    def check_listable(self, uri: str) -> None:
        """Check that keys under the URI may be listed.

        Raises:
            ObjectNotFound: there is no such bucket.
            StorageDenied, StorageUnavailable: listing is refused, or fails.
        """
        bucket, key = bucket_and_key(uri)
        with translating_errors(uri, "s3:ListBucket"):
            self._client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)

    def delete(self, uri: str) -> None:
        """Delete an object; a missing one is a success.

        Raises:
            StorageDenied, StorageUnavailable: deleting is refused, or fails.
        """
        bucket, key = bucket_and_key(uri)
        with translating_errors(uri, "s3:DeleteObject"):
            self._client.delete_object(Bucket=bucket, Key=key)

    def delete_under(self, uri: str) -> None:
        """List and delete, a thousand objects per request; see Storage.delete_under."""
        bucket, key = bucket_and_key(uri.rstrip("/"))
        depth_of_work(uri, key.split("/"))
        while True:
            # From the start each time, as listing goes on reliably only while nothing is deleted.
            with translating_errors(uri, "s3:ListBucket"):
                listed = self._client.list_objects_v2(Bucket=bucket, Prefix=f"{key}/").get("Contents", [])
            if not listed:
                return
            with translating_errors(uri, "s3:DeleteObject"):
                answer = self._client.delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": each["Key"]} for each in listed], "Quiet": True}
                )
            for refused in answer.get("Errors", []):
                code, problem = refused.get("Code", ""), refused.get("Message", "")
                denied = Code.S3_FORBIDS if code == "AccessDenied" else Code.S3_REFUSED
                if code in DENIED:
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
