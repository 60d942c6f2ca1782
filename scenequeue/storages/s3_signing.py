"""Makes the clients that presign addresses: a signature is valid at one region's address of a bucket only."""

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import ClientError

from scenequeue.storages.aws_session import aws_session

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class SigningClients:
    """One client for each region. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._regions: dict[str, str] = {}
        self._clients: dict[str, S3Client] = {}

    def client_for(self, asking: "S3Client", bucket: str) -> "S3Client":
        """Return the client that signs for a bucket.

        Args:
            asking: asks for the bucket's region.
            bucket: its name.
        """
        with self._lock:
            if bucket not in self._regions:
                self._regions[bucket] = _region_of(asking, bucket)
            region = self._regions[bucket]
            if region not in self._clients:
                # The address of the bucket in its region: S3's general one is a redirection, which a signature does not survive.
                config = Config(signature_version="s3v4", s3={"addressing_style": "virtual" if _is_aws(asking) else "auto"})
                self._clients[region] = aws_session().client("s3", region_name=region, config=config)
            return self._clients[region]


def _is_aws(client: "S3Client") -> bool:
    host = urlsplit(str(client.meta.endpoint_url)).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _region_of(client: "S3Client", bucket: str) -> str:
    """Return the region of a bucket; that of the settings where S3 does not tell, and of another store."""
    if not _is_aws(client):
        return client.meta.region_name
    try:
        headers = client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        # Also the refusal tells the region.
        headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    return headers.get("x-amz-bucket-region") or client.meta.region_name
