"""Simulates missing S3 permissions: answers a client's requests with 403."""

from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError


class _Body:
    """The body of an HTTP answer, as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        return [self._content]


def _refused(request: Any, code: str) -> AWSResponse:
    # An answer to HEAD has no body, so no code.
    body = b"" if request.method == "HEAD" else f"<Error><Code>{code}</Code><Message>Access Denied</Message></Error>".encode()
    return AWSResponse(request.url, 403, {}, _Body(body))  # type: ignore[arg-type]


def deny(client: Any, operation: str, code: str = "AccessDenied") -> None:
    """Refuse every call of one operation of a client."""
    client.meta.events.register(f"before-send.s3.{operation}", lambda request, **_: _refused(request, code))


def deny_listing(client: Any, bucket: str, code: str = "AccessDenied") -> None:
    """Answer as S3 does without s3:ListBucket: 403 for missing objects too. Source: AWS, HeadObject, permissions."""
    plain = boto3.client("s3")

    def unless_there(request: Any, **_: Any) -> AWSResponse | None:
        try:
            plain.head_object(Bucket=bucket, Key=request.url.split(f"/{bucket}/", 1)[1].partition("?")[0])
        except ClientError:
            return _refused(request, code)
        return None

    for operation in ("HeadObject", "GetObject"):
        client.meta.events.register(f"before-send.s3.{operation}", unless_there)
    deny(client, "HeadBucket", code)
    deny(client, "ListObjectsV2", code)
