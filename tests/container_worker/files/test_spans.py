"""Sources that are copied by spans, and checked to be unchanged."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, strategies as st

from container_worker.files import spans
from container_worker.files.inputs import Input, fetch
from scenequeue.errors import BadInput, ObjectNotFound, StorageUnavailable
from scenequeue.jobs.transcode.spans import ReadAt, Span, merge_spans
from scenequeue.reasons import Code
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3

_SIZE = 3_000_000
_CONTENT = bytes(range(251)) * (_SIZE // 251 + 1)


@pytest.fixture(params=["file", "s3"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a source of three million bytes."""
    path = tmp_path / "source.bin"
    path.write_bytes(_CONTENT[:_SIZE])
    if request.param == "file":
        return path.as_uri()
    s3: S3 = request.getfixturevalue("s3")
    uri = f"{s3.uri}/source.bin"
    UriStorage(WorkerSettings()).put(path, uri)
    return uri


@pytest.fixture
def storage(tmp_path: Path) -> UriStorage:
    """Reads the source, which is larger than other inputs may be."""
    return UriStorage(WorkerSettings(file_roots=[tmp_path], max_input_bytes=1000))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An item's folder."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def _nothing() -> None:
    """Do not stop."""


def test_a_source_is_copied_whole_and_tells_its_version(source: str, storage: UriStorage, scratch: Path) -> None:
    """Beyond the limit of other inputs; its version is expected the next time."""
    copy = fetch([Input("source", source, "a", version="")], storage, scratch, _nothing)["source"]
    assert copy.path.read_bytes() == _CONTENT[:_SIZE]
    assert copy.version == storage.find_source(source).version != ""
    again = fetch([Input("source", source, "b", version=copy.version)], storage, scratch, _nothing)["source"]
    assert again.sha256 == copy.sha256


def test_only_the_spans_of_a_source_are_copied(source: str, storage: UriStorage, scratch: Path) -> None:
    """At their places in a file of the source's size, whose other bytes take no space."""
    wanted = Input("source", source, "a", version="", ranges=[(2_900_000, 9_000_000), (10, 20), (100, 200)])
    path = fetch([wanted], storage, scratch, _nothing)["source"].path
    copied = path.read_bytes()
    assert len(copied) == _SIZE
    assert copied[10:200] == _CONTENT[10:200]
    assert copied[2_900_000:] == _CONTENT[2_900_000:_SIZE]
    assert not any(copied[200:2_900_000])
    assert path.stat().st_blocks * 512 < 300_000


def test_spans_can_be_found_by_reading(source: str, storage: UriStorage, scratch: Path) -> None:
    """Everything that was read to find them stays in the file; None stands for the whole."""

    def find(read_at: ReadAt, size: int) -> list[Span]:
        assert (size, read_at(5, 9)) == (_SIZE, _CONTENT[5:9])
        return [(1_000_000, 1_000_004)]

    copied = fetch([Input("source", source, "a", version="", find_ranges=find)], storage, scratch, _nothing)["source"]
    content = copied.path.read_bytes()
    assert (content[5:9], content[1_000_000:1_000_004]) == (_CONTENT[5:9], _CONTENT[1_000_000:1_000_004])
    assert content.count(0) > _SIZE * 0.99
    whole = Input("source", source, "b", version="", find_ranges=lambda _read, _size: None)
    assert fetch([whole], storage, scratch, _nothing)["source"].path.read_bytes() == _CONTENT[:_SIZE]


def test_a_source_that_has_changed_is_refused(source: str, storage: UriStorage, scratch: Path) -> None:
    """Before anything is read, and in the middle of it."""
    with pytest.raises(BadInput) as caught:
        fetch([Input("source", source, "a", version="another")], storage, scratch, _nothing)
    assert caught.value.reason.code == Code.SOURCE_CHANGED
    with (scratch / "x").open("wb") as target, pytest.raises(BadInput) as caught:
        storage.read_range(source, 0, 5, version='"00"', target=target)
    assert caught.value.reason.code == Code.SOURCE_CHANGED


def test_a_source_above_the_limit_or_none_is_refused(source: str, tmp_path: Path, scratch: Path) -> None:
    """As any other input."""
    small = UriStorage(WorkerSettings(file_roots=[tmp_path], max_video_bytes=_SIZE - 1))
    with pytest.raises(BadInput, match=str(_SIZE)):
        fetch([Input("source", source, "a", version="")], small, scratch, _nothing)
    with pytest.raises(ObjectNotFound):
        fetch([Input("source", f"{source}.none", "a", version="")], small, scratch, _nothing)


def test_a_file_that_is_replaced_while_it_is_read_is_noticed(tmp_path: Path, storage: UriStorage, scratch: Path) -> None:
    """By its time of change."""
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 100)

    def touch() -> None:
        os.utime(path, ns=(1, 1))

    version = storage.find_source(path.as_uri()).version
    with (scratch / "x").open("wb") as target, pytest.raises(BadInput) as caught:
        storage.read_range(path.as_uri(), 0, 100, version=version, target=target, stop_if_asked=touch)
    assert caught.value.reason.code == Code.SOURCE_CHANGED


@pytest.mark.parametrize(("faults", "is_read"), [(2, True), (3, False)])
def test_a_span_is_requested_three_times(
    tmp_path: Path, storage: UriStorage, scratch: Path, monkeypatch: pytest.MonkeyPatch, *, faults: int, is_read: bool
) -> None:
    """Only what failed."""
    (tmp_path / "source").write_bytes(_CONTENT[:250])
    monkeypatch.setattr(spans, "_REQUEST_BYTES", 100)
    read, asked = storage.read_range, list[int]()

    def failing(
        uri: str, begin: int, end: int, *, version: str, target: BinaryIO, stop_if_asked: Callable[[], None] | None = None
    ) -> None:
        asked.append(begin)
        if begin == 100 and asked.count(100) <= faults:
            raise StorageUnavailable(Code.SERVER_ANSWERED, uri=uri, status=503)
        read(uri, begin, end, version=version, target=target, stop_if_asked=stop_if_asked)

    monkeypatch.setattr(storage, "read_range", failing)
    wanted = Input("source", (tmp_path / "source").as_uri(), "a", version="")
    if is_read:
        assert fetch([wanted], storage, scratch, _nothing)["source"].path.read_bytes() == _CONTENT[:250]
        assert asked == [0, 100, 100, 100, 200]
    else:
        with pytest.raises(StorageUnavailable):
            fetch([wanted], storage, scratch, _nothing)


def test_a_whole_source_stops_when_asked(source: str, storage: UriStorage, scratch: Path) -> None:
    """The exception is raised as it is."""
    calls = list[int]()

    def stop() -> None:
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch([Input("source", source, "a", version="")], storage, scratch, stop)


_numbers = st.integers(-10, 300)


@given(st.lists(st.tuples(_numbers, _numbers), max_size=20), st.integers(0, 250), st.integers(0, 30))
def test_merged_spans_hold_every_byte_of_the_spans(found: list[Span], size: int, gap: int) -> None:
    """In order, apart from one another by the gap, and within the file."""
    merged = merge_spans(found, size, gap)
    held = {at for begin, end in merged for at in range(begin, end)}
    wanted = {at for begin, end in found for at in range(begin, end) if 0 <= at < size}
    assert wanted <= held
    assert all(0 <= begin < end <= size for begin, end in merged)
    assert all(begin - end >= max(gap, 1) for (_, end), (begin, _) in itertools.pairwise(merged))
    assert {merged[0][0], merged[-1][1]} <= wanted | {max(wanted) + 1} if wanted else not merged
