"""Files of items through the page: only what a result names, by range, by presigned address, and ladders."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sceneburst.page.media.outputs import PLAYLIST
from sceneburst.page.media.ranges import NotInFile, span_of
from scenequeue.jobs.artifact import Artifact
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.storages.files import file_uri
from tests.conftest import S3
from tests.sceneburst.page.serving import Page, serving
from tests.scenequeue.jobs import submit

_BYTES = bytes(range(256)) * 4


@pytest.fixture
def files(queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Page]:
    """A page that may read one folder, with a finished item that has a video there."""
    with serving(redis_url, namespace, file_roots=[tmp_path / "out"]) as page:
        yield page


def _finish(queue: SceneQueue, *artifacts: tuple[str, str, str]) -> None:
    """A job with one item, which has these files: address, media type, role."""
    submit(queue, "order", 1)
    (lease,) = queue.worker.lease("c1", 1)
    made = [Artifact(address=address, bytes=1024, media_type=media_type, role=role) for address, media_type, role in artifacts]
    result = ItemResult(item_id=lease.item_id, name="x", state="done", output=made[0].address, artifacts=made)
    queue.worker.ack("c1", [(lease, result)])


def _file(tmp_path: Path, name: str = "out/videos/intro one.mp4") -> str:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_BYTES)
    return file_uri(path)


def _source(page: Page) -> str:
    return page.text("/jobs/order").partition('<source src="')[2].partition('"')[0]


def test_a_local_video_is_streamed_whole_and_by_range(files: Page, queue: SceneQueue, tmp_path: Path) -> None:
    """So that a browser can seek."""
    _finish(queue, (_file(tmp_path), "video/mp4", "video"))
    path = _source(files)
    whole = files.client.get(path)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, _BYTES, "video/mp4")
    assert whole.headers["content-disposition"].startswith("inline")
    part = files.client.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, _BYTES[10:20], "bytes 10-19/1024")
    assert files.client.get(path, headers={"Range": "bytes=-4"}).content == _BYTES[-4:]
    beyond = files.client.get(path, headers={"Range": "bytes=5000-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */1024")
    assert files.client.get(f"{path}?download").headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("tail", ["videos/other.mp4", "intro%20one.mp4", "../../etc/passwd", "%2e%2e/secret", "x"])
def test_nothing_is_served_that_the_result_does_not_name(files: Page, queue: SceneQueue, tmp_path: Path, tail: str) -> None:
    """Though it lies in the same folder."""
    _file(tmp_path, "out/videos/other.mp4")
    _finish(queue, (_file(tmp_path), "video/mp4", "video"))
    assert files.client.get(f"/media/order/0-0/{tail}").status_code == 404
    assert files.client.get("/media/order/0-9/videos/intro%2520one.mp4").status_code == 404


def test_a_result_that_names_a_file_elsewhere_does_not_open_it(files: Page, queue: SceneQueue, tmp_path: Path) -> None:
    """Neither directly nor by a link: a taken-over worker may write any address into Redis."""
    outside = _file(tmp_path, "secret/key.mp4")
    link = tmp_path / "out" / "videos" / "link.mp4"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "secret" / "key.mp4")
    _finish(
        queue,
        (outside, "video/mp4", "video"),
        (file_uri(link), "video/mp4", "video"),
        ("https://example.com/a/b.mp4", "video/mp4", "video"),
    )
    for tail in ("secret/key.mp4", "videos/link.mp4", "a/b.mp4"):
        answer = files.client.get(f"/media/order/0-0/{tail}")
        assert answer.status_code >= 400, tail
        assert _BYTES not in answer.content


def test_a_file_that_a_browser_could_run_is_a_download(files: Page, queue: SceneQueue, tmp_path: Path) -> None:
    """Whatever media type the result has for it."""
    _finish(queue, (_file(tmp_path, "out/v/page.html"), "text/html", "report"))
    answer = files.client.get("/media/order/0-0/v/page.html")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_ladder_is_played_by_its_playlist_first_and_its_parts_lead_to_the_page(
    files: Page, queue: SceneQueue, tmp_path: Path
) -> None:
    """As the addresses in playlists are relative."""
    master, part = _file(tmp_path, "out/film-hls/film.m3u8"), _file(tmp_path, "out/film-hls/360p.mp4")
    _finish(
        queue,
        (master, PLAYLIST, "playlist"),
        (_file(tmp_path, "out/film-360p.mp4"), "video/mp4", "video"),
        (part, "video/mp4", "segment"),
    )
    html = files.text("/jobs/order")
    assert html.index("film.m3u8") < html.index("film-360p.mp4")
    playlist = httpx.URL(str(files.client.base_url)).join(_source(files))
    assert files.client.get(playlist).headers["content-type"].startswith(PLAYLIST)
    answer = files.client.get(playlist.join("360p.mp4"), headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, _BYTES[:4])


def test_an_object_is_reached_by_an_address_that_ends_soon(page: Page, queue: SceneQueue, s3: S3) -> None:
    """The page itself sends nothing of it; media type and disposition are in the signature."""
    import boto3

    boto3.client("s3").put_object(Bucket=s3.bucket, Key="videos/intro.mp4", Body=_BYTES, ContentType="text/html")
    _finish(queue, (f"{s3.uri}/videos/intro.mp4", "video/mp4", "video"))
    answer = page.client.get(_source(page))
    assert answer.status_code == 307
    assert "X-Amz-Expires=900" in answer.headers["location"]
    with httpx.Client(trust_env=False) as client:
        found = client.get(answer.headers["location"], headers={"Range": "bytes=0-9"})
    assert found.content[:10] == _BYTES[:10]
    assert found.headers["content-type"] == "video/mp4"


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("", None), ("bytes=0-0", (0, 1)), ("bytes=5-", (5, 10)), ("bytes=-3", (7, 10)), ("bytes=-99", (0, 10)),
        ("bytes=2-99", (2, 10)), ("bytes=5-2", None), ("bytes=-", None), ("bytes=0-1,3-4", None), ("lines=1-2", None),
    ],
)  # fmt: skip
def test_ranges_are_read_as_the_standard_says(header: str, span: tuple[int, int] | None) -> None:
    """A range that cannot be read means the whole file."""
    assert span_of(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_without_a_byte_of_the_file_is_refused(header: str) -> None:
    """By an error of its own."""
    with pytest.raises(NotInFile):
        span_of(header, 10)
