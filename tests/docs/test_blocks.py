"""Every code block of README and docs runs as it is written."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from sceneburst.local.embedded_redis import free_port
from tests.docs.blocks import Block, Reader, blocks_of, pages
from tests.docs.not_run import NOT_RUN
from tests.support.aws import use_aws
from tests.support.media import Media
from tests.support.numbered_clips.making import encode

#: Pages whose blocks take for granted that a Sceneburst runs; README starts its own.
_BESIDE_UP = ("docs/at-night.md", "docs/enqueueing.md", "docs/http-api.md", "docs/operators.md", "docs/transcoding.md")
_UP = Block("", "sh", "sceneburst up --containers 2\n")


@pytest.fixture
def reader(tmp_path: Path, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """In a folder with the files that the pages name, beside an S3 with the bucket that they name."""
    use_aws(monkeypatch, s3_server)
    media = Media(tmp_path)
    for name in ("intro", "outro"):
        media.image(f"{name}.jpg")
        media.tone(f"{name}.mp3", 0.6)
    media.tone("theme.mp3", 1.0)
    media.image("logo.png", 64, 64)
    media.srt("intro.srt", [(0.1, 0.5, "Once upon a time")])
    encode(tmp_path / "film.mp4", 75, size=(480, 288))
    client = boto3.client("s3", endpoint_url=s3_server)
    client.create_bucket(Bucket="bucket")
    for file in ("intro.jpg", "intro.mp3", "outro.jpg", "outro.mp3", "film.mp4"):
        client.upload_file(str(tmp_path / file), "bucket", f"in/{file}")
    try:
        with Reader(tmp_path, {}, free_port(0)) as reader:
            yield reader
    finally:
        bucket = boto3.resource("s3", endpoint_url=s3_server).Bucket("bucket")
        bucket.objects.all().delete()
        bucket.delete()


def _an_order_of_which_one_scene_is_lost(reader: Reader) -> None:
    """The job that two pages look at."""
    scene = {"image": "intro.jpg", "audio": "intro.mp3"}
    scenes = [{"name": "intro", **scene}, {"name": "outro", **scene, "audio": "lost.mp3"}]
    code = (
        "from producer import Producer\n"
        f"job = Producer().submit_scenes({scenes!r}, output='videos', job_id='order-4711', check_files=False)\n"
        "assert job.wait(100).counts.dead == 1\n"
    )
    reader.run(Block("", "python", code))


_BEFORE: dict[str, Callable[[Reader], None]] = {
    "docs/at-night.md": _an_order_of_which_one_scene_is_lost,
    "docs/operators.md": _an_order_of_which_one_scene_is_lost,
}


def _run_of(page: str) -> list[Block]:
    return [block for block in blocks_of(page) if (page, block.first_line) not in NOT_RUN]


@pytest.mark.parametrize("page", [page for page in pages() if _run_of(page)])
def test_every_block_of_a_page_runs_as_written(page: str, reader: Reader) -> None:
    """In order, in one folder, with nothing but what the page itself says."""
    if page in _BESIDE_UP:
        reader.run(_UP)
    if page in _BEFORE:
        _BEFORE[page](reader)
    for block in _run_of(page):
        reader.run(block)


def test_every_exception_stands_for_one_block() -> None:
    """The list holds nothing that is gone from the pages."""
    first_lines = [(page, block.first_line) for page in pages() for block in blocks_of(page)]
    assert [entry for entry in NOT_RUN if first_lines.count(entry) != 1] == []
