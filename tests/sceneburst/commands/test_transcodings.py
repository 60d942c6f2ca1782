"""Commands about a job whose items bring others: no word of scenes, and no working file."""

import json
from pathlib import Path

import pytest

from producer import Producer
from scenequeue.errors import JobConflict
from scenequeue.jobs.artifact import Artifact
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.sceneburst.conftest import Console
from tests.support.reasons import said


@pytest.fixture
def folder(queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The output of a transcoding that is done, of two renditions."""
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", json.dumps([str(tmp_path)]))
    with Producer(settings=ProducerSettings.load(redis_url=redis_url, namespace=namespace)) as producer:
        producer.submit_transcode("s3://bucket/film.mp4", output=tmp_path / "out", job_id="t1")
    work = tmp_path / "out" / ".sceneburst" / "t1" / "0"
    for item, files, brought in (
        ("probe", [work / "plan.json"], "segment 0"),
        ("segment 0", [work / "00000.json"], "join 360p"),
        ("join 360p", [work / "360p.mp4"], "verify"),
        ("verify", [tmp_path / "out" / "film-360p.mp4", tmp_path / "out" / "film-240p.mp4"], None),
    ):
        (lease,) = queue.worker.lease("c", 1, serves=["probe/1", "encode/1"])
        assert lease.item.name == item
        more = [WorkItem(kind="encode", name=brought)] if brought else []
        count = {lease.token: queue.worker.grow("c", lease, more)} if more else None
        queue.worker.ack("c", [(lease, _made(lease, files))], count)
    return tmp_path / "out"


def _made(lease: Lease, files: list[Path]) -> ItemResult:
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("video")
    artifacts = [Artifact(address=path.as_uri(), bytes=5, media_type="video/mp4", role="video") for path in files]
    details = {"kind": lease.item.kind, **({"renditions": []} if lease.item.name == "verify" else {})}
    return ItemResult(
        item_id=lease.item_id, name=lease.item.name, state="done", output=artifacts[0].address, artifacts=artifacts,
        details=details, container="c",
    )  # fmt: skip


def test_results_name_the_files_and_no_working_file(console: Console, folder: Path) -> None:
    """Each video of the last item has a line."""
    lines = console("results", "t1").out.splitlines()
    assert lines[0].split() == ["item", "state", "length", "size", "work", "attempts", "output", "or", "reason"]
    assert [line.split()[0] for line in lines[1:]] == ["probe", "segment", "join", "verify", "5"]
    assert [line.rpartition("/")[2] for line in lines[-2:]] == ["film-360p.mp4", "film-240p.mp4"]
    assert ".sceneburst" not in "".join(lines)


def test_a_status_has_the_options_of_the_transcoding_and_none_of_scenes(console: Console, folder: Path) -> None:
    """As the options of scenes mean nothing for it."""
    del folder
    options = json.loads(console("status", "t1", "--json").out)["options"]
    assert (options["container"], options["segment_s"]) == ("mp4", 60)
    assert "motion" not in options


def test_no_table_calls_a_probe_a_scene(console: Console, queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """The first item of a transcoding is the only one as long as it is not done."""
    with Producer(settings=ProducerSettings.load(redis_url=redis_url, namespace=namespace)) as producer:
        producer.submit_transcode("s3://bucket/film.mp4", output="s3://bucket/out", job_id="t1")
        with pytest.raises(JobConflict) as refused:
            producer.submit_transcode("s3://bucket/other.mp4", output="s3://bucket/out", job_id="t1")
    assert "scene" not in str(refused.value)
    assert "scene" not in console("queue", "peek").out
    (lease,) = queue.worker.lease("c", 1, serves=["probe/1"])
    queue.worker.fail("c", lease, "BadInput", said("no video"), transient=False)
    for words in (("results", "t1"), ("dead",), ("dead", "list"), ("queue",)):
        assert "scene " not in console(*words).out.replace("sceneburst", "")


def test_a_download_of_all_files_lacks_none(console: Console, folder: Path) -> None:
    """Although the job has more items than files."""
    ended = json.loads(console("download", "t1", str(folder.parent / "in"), "--json").out)
    assert ended["missing"] == 0
    assert [Path(file).name for file in ended["files"]] == ["film-360p.mp4", "film-240p.mp4"]


def test_the_cost_of_a_transcoding_is_not_that_of_scenes(console: Console, folder: Path) -> None:
    """It has none."""
    del folder
    bill = json.loads(console("cost", "t1", "--json").out)
    assert (bill["scenes_done"], bill["usd_per_scene"]) == (0, None)
    assert "a scene" not in console("cost", "t1").out
