"""Decides what an address may look like, for every door by which one comes in."""

from typing import Annotated, TypeAlias

from pydantic import Field

from scenequeue.errors import StorageDenied
from scenequeue.reasons import Code

#: As long as the URLs that servers and proxies commonly take.
MAX_ADDRESS_CHARS = 2_048
#: A presigned URL holds a session token, which AWS gives no greatest length of.
MAX_INPUT_CHARS = 8_192

#: What is written to, or posted to.
Address: TypeAlias = Annotated[str, Field(max_length=MAX_ADDRESS_CHARS)]
#: What is read: a path or an address.
InputAddress: TypeAlias = Annotated[str, Field(max_length=MAX_INPUT_CHARS)]


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return the bucket and the key of an s3:// address.

    Raises:
        StorageDenied: it is not one, or its key has a segment that some clients and proxies resolve as in a path.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise StorageDenied(Code.S3_ADDRESS_MALFORMED, uri=uri)
    segment = next((part for part in key.split("/") if part in {".", ".."}), None)
    if segment is not None:
        raise StorageDenied(Code.S3_KEY_RELATIVE, uri=uri, segment=segment)
    return bucket, key
