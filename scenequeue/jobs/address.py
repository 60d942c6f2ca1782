"""Defines valid addresses, for every entry that accepts them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from scenequeue.errors import StorageDenied
from scenequeue.reasons import Code

#: Length of URLs that servers and proxies commonly accept.
MAX_ADDRESS_CHARS = 2_048
#: A presigned URL contains a session token, for which AWS documents no maximum length.
MAX_INPUT_CHARS = 8_192

#: An address that is written or posted to.
Address: TypeAlias = Annotated[str, Field(max_length=MAX_ADDRESS_CHARS)]
#: A path or address that is read.
InputAddress: TypeAlias = Annotated[str, Field(max_length=MAX_INPUT_CHARS)]


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return the bucket and the key of an s3:// address.

    Raises:
        StorageDenied: it is not one, or its key has a segment such as "..", which some clients and proxies resolve.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise StorageDenied(Code.S3_ADDRESS_MALFORMED, uri=uri)
    segment = next((part for part in key.split("/") if part in {".", ".."}), None)
    if segment is not None:
        raise StorageDenied(Code.S3_KEY_RELATIVE, uri=uri, segment=segment)
    return bucket, key
