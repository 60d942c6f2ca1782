"""Runs the S3 API of a run in a process of its own, with the run's media."""

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET, MEDIA_BUCKET = "chaos", "chaos-media"
_SERVER = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"
_START_LIMIT_S = 30.0
_TRIES = 3


class S3Server:
    """Moto on a free port.

    Args:
        folder: for its log.
    """

    def __init__(self, folder: Path) -> None:
        for left in reversed(range(_TRIES)):
            try:
                self._process, self.url = _start(folder / "s3.log")
                break
            except RuntimeError:
                # Another program has taken the port in between.
                if not left:
                    raise
        self.client: S3Client = boto3.session.Session().client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        for bucket in (BUCKET, MEDIA_BUCKET):
            self.client.create_bucket(Bucket=bucket)

    def upload(self, folder: Path) -> str:
        """Upload every file of a folder to the bucket of inputs, and return the URI prefix."""
        for path in folder.iterdir():
            self.client.put_object(Bucket=MEDIA_BUCKET, Key=path.name, Body=path.read_bytes())
        return f"s3://{MEDIA_BUCKET}"

    def stop(self) -> None:
        """Stop it; safe twice."""
        self._process.kill()
        self._process.wait()


def _start(log_path: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with log_path.open("wb") as log:
        server = subprocess.Popen([sys.executable, "-c", _SERVER, str(port)], stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + _START_LIMIT_S
    while True:
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            server.wait()
            raise RuntimeError(log_path.read_text(encoding="utf-8"))
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.05)
