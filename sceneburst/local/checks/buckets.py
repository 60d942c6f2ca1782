"""Checks buckets by writing, reading, listing and deleting an object."""

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sceneburst.local.checks.codes import Code
from sceneburst.local.checks.finding import Check, doubtful, good, wrong
from scenequeue.errors import ItemError, ObjectNotFound, SettingsError, StorageDenied
from scenequeue.jobs.transcode.working_folder import WORK_FOLDER, work_folder
from scenequeue.storages.s3 import S3Storage
from scenequeue.storages.temporary import find_temporary_folder


def bucket(uri: str, storage: S3Storage) -> Iterator[Check]:
    """Write a small object under the address, read it, list it, and delete it.

    Args:
        uri: s3://bucket or s3://bucket/prefix.
        storage: uses the credentials of this machine.

    Raises:
        SettingsError: no temporary folder can be made.
    """
    temporary = find_temporary_folder()
    # A working folder, because roles may delete nothing elsewhere; only the object made here is touched.
    folder = work_folder(uri.rstrip("/"), f"doctor-{secrets.token_hex(8)}")
    probe = f"{folder}/probe"
    try:
        yield from _written_and_read(uri, probe, storage, temporary)
        yield _listed(uri, folder, storage)
    except ObjectNotFound:
        mend = "make it, or correct its name; AWS_ENDPOINT_URL too, where S3 is not AWS's"
        yield wrong(Code.BUCKET_ABSENT, uri, mend)
    except (ItemError, SettingsError) as error:
        yield wrong(error.reason, uri, "check credentials, AWS_REGION and AWS_ENDPOINT_URL")


def _written_and_read(uri: str, probe: str, storage: S3Storage, temporary: Path) -> list[Check]:
    with tempfile.TemporaryDirectory(prefix="sceneburst-doctor-", dir=temporary) as folder:
        source, copy = Path(folder, "probe"), Path(folder, "copy")
        source.write_text("made by sceneburst doctor; it may be removed", encoding="utf-8")
        try:
            storage.put(source, probe, metadata={}, content_type="text/plain")
        except StorageDenied as error:
            mend = "allow s3:PutObject and s3:AbortMultipartUpload under it"
            return [wrong(Code.BUCKET_UNWRITABLE, uri, mend, problem=error.reason)]
        try:
            storage.get(probe, copy, max_bytes=1024)
            found = good(Code.BUCKET_WORKS, uri)
        except StorageDenied as error:
            mend = "allow s3:GetObject under it: inputs are read, outputs are reused"
            found = wrong(Code.BUCKET_UNREADABLE, uri, mend, problem=error.reason)
        finally:
            left = _removed(uri, probe, storage)
    return [found, *left]


def _removed(uri: str, probe: str, storage: S3Storage) -> list[Check]:
    try:
        storage.delete(probe)
    except (ItemError, SettingsError):
        mend = f"remove it by hand, and allow s3:DeleteObject under {WORK_FOLDER}/, for working files of transcodings"
        return [doubtful(Code.PROBE_LEFT_BEHIND, uri, mend, address=probe)]
    return []


def _listed(uri: str, folder: str, storage: S3Storage) -> Check:
    try:
        storage.check_listable(folder)
    except StorageDenied:
        return doubtful(Code.BUCKET_UNLISTABLE, uri, "allow s3:ListBucket on the bucket")
    return good(Code.BUCKET_LISTED, uri)
