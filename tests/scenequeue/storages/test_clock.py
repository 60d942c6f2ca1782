"""A machine whose clock is wrong: S3 refuses what it signs, and that is no item's fault."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.proxies.s3 import S3Proxy
from scenequeue.errors import SettingsError
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3

_Act = Callable[[UriStorage, str, Path], object]
_ACTS: dict[str, _Act] = {
    "get": lambda storage, uri, path: storage.get(uri, path / "copy"),
    "stat": lambda storage, uri, _: storage.stat(uri),
    "put": lambda storage, uri, path: storage.put(_source(path), uri),
}


def _source(folder: Path) -> Path:
    (folder / "source").write_bytes(b"hello")
    return folder / "source"


@pytest.mark.parametrize("act", _ACTS)
def test_a_wrong_clock_is_the_containers_fault(s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, act: str) -> None:
    """Also where S3 does not say so, as to HEAD: an item is not buried for it, and the container leaves."""
    proxy = S3Proxy(s3.endpoint_url, 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    monkeypatch.setattr("chaos.proxies.s3._skew_s", lambda _signed_at: 3600.0)
    monkeypatch.setattr("chaos.proxies.s3._Handler.date_time_string", lambda self: _http_date(real()))
    try:
        with pytest.raises(SettingsError, match=r"clock is \+3[56]\d\d s from S3's"):
            _ACTS[act](UriStorage(SceneburstSettings.load()), f"{s3.uri}/a", tmp_path)
    finally:
        proxy.close()


def test_a_refusal_of_head_with_a_right_clock_blames_no_clock(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 403 to HEAD is what a role that may not list is told of a missing key."""
    proxy = S3Proxy(s3.endpoint_url, 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    monkeypatch.setattr("chaos.proxies.s3._skew_s", lambda _signed_at: 3600.0)
    try:
        assert UriStorage(SceneburstSettings.load()).stat(f"{s3.uri}/a") is None
    finally:
        proxy.close()


def _http_date(seconds: float) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))
