"""The proxies to Redis and S3: which traffic is broken, how, and that it recovers."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from chaos.proxies.redis import RedisProxy
from chaos.proxies.s3 import S3Proxy
from sceneburst.local.embedded_redis import EmbeddedRedis
from tests.conftest import S3

_ONCE = Config(retries={"total_max_attempts": 1}, user_agent_appid="c1-test")
_IMPATIENT = _ONCE.merge(Config(read_timeout=0.5))
#: Delays within that time-out, and beyond it.
_LATE_S = (0.05, 60.0)


@pytest.fixture
def proxy(redis_server: EmbeddedRedis) -> Iterator[RedisProxy]:
    """A proxy to Redis."""
    with TemporaryDirectory(prefix="sb-") as folder:
        proxy = RedisProxy(Path(folder, "proxy.sock"), redis_server.socket)
        yield proxy
        proxy.close()


def _client(proxy: RedisProxy, patience_s: float = 60.0) -> redis.Redis:
    path = proxy.url.removeprefix("unix://")
    return redis.Redis(unix_socket_path=path, socket_timeout=patience_s, retry=Retry(NoBackoff(), 0))


@contextmanager
def _connected(proxy: RedisProxy) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(proxy.url.removeprefix("unix://"))
        yield connection


def _is_answered(connection: socket.socket, patience_s: float) -> bool:
    """Ask for an answer, and wait for it."""
    connection.settimeout(patience_s)
    connection.sendall(b"PING\r\n")
    try:
        return connection.recv(7) == b"+PONG\r\n"
    except TimeoutError:
        return False


def test_one_process_alone_is_refused(proxy: RedisProxy) -> None:
    """Others reach Redis all the time, and it does so afterwards."""
    lift = proxy.block("refuse", [os.getpid()])
    with pytest.raises(redis.ConnectionError):
        _client(proxy).ping()
    program = f"import redis; print(redis.Redis(unix_socket_path={proxy.url.removeprefix('unix://')!r}).ping())"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"True\n"
    lift()
    assert _client(proxy).ping()


def test_what_is_swallowed_is_never_answered(proxy: RedisProxy) -> None:
    """The connection stays open and dead after the block is lifted; a new one works."""
    with _connected(proxy) as before:
        assert _is_answered(before, 60)
        lift = proxy.block("swallow")
        with _connected(proxy) as meanwhile:
            assert not _is_answered(before, 0.2)
            assert not _is_answered(meanwhile, 0.2)
            with pytest.raises(redis.TimeoutError):
                _client(proxy, 0.2).ping()
            lift()
            assert not _is_answered(before, 0.2)
            assert not _is_answered(meanwhile, 0.2)
    assert _client(proxy).ping()


def test_connections_are_cut_in_the_middle_of_what_they_carry(proxy: RedisProxy) -> None:
    """Some at once, which redis-py notices before it sends, the others with their next message; all reconnect."""
    clients = [_client(proxy) for _ in range(8)]
    assert all(client.ping() for client in clients)
    assert proxy.cut(1.0, random.Random(1)) == 8
    torn = 0
    for client in clients:
        try:
            client.ping()
        except redis.ConnectionError:
            torn += 1
        assert client.ping()
    assert 0 < torn < 8


@pytest.mark.parametrize("fault", ["500", "503", "cut", "slow"])
def test_s3_fails_as_told_and_heals(s3: S3, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request fails while the fault lasts, and is counted."""
    monkeypatch.setattr("chaos.proxies.s3.LATE_S", _LATE_S)
    proxy = S3Proxy(s3.endpoint_url, 2)
    client, impatient = (boto3.client("s3", endpoint_url=proxy.url, config=config) for config in (_ONCE, _IMPATIENT))
    failed = 0
    lift = proxy.inject((fault,), 1.0)
    for number in range(6):
        try:
            impatient.put_object(Bucket=s3.bucket, Key=str(number), Body=b"hello")
        except (ClientError, BotoCoreError):
            failed += 1
    lift()
    assert failed >= 1
    assert sum(proxy.done.values()) == 6
    client.put_object(Bucket=s3.bucket, Key="a", Body=b"hello")
    assert client.get_object(Bucket=s3.bucket, Key="a")["Body"].read() == b"hello"
    proxy.close()


def test_uploads_in_parts_are_known_by_who_began_them(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whether the client got the answer."""
    monkeypatch.setattr("chaos.proxies.s3.LATE_S", _LATE_S)
    proxy = S3Proxy(s3.endpoint_url, 1)
    client, impatient = (boto3.client("s3", endpoint_url=proxy.url, config=config) for config in (_ONCE, _IMPATIENT))
    known = client.create_multipart_upload(Bucket=s3.bucket, Key="a")["UploadId"]
    lift = proxy.inject(("slow",), 1.0)
    while not any(upload.is_answer_lost for upload in proxy.uploads.values()):
        try:
            impatient.create_multipart_upload(Bucket=s3.bucket, Key="a")
        except BotoCoreError:
            break
    lift()
    proxy.close()
    assert {upload.container for upload in proxy.uploads.values()} == {"c1-test"}
    assert not proxy.uploads[known].is_answer_lost
    assert any(upload.is_answer_lost for upload in proxy.uploads.values())
