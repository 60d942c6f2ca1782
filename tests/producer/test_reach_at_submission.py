"""Submissions are refused if containers cannot reach their files, whichever way they come."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from producer import Producer
from sceneburst.manifest import read_manifest
from scenequeue.errors import InvalidScenes
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.sceneburst.http_api.serving import check_problem, serving
from tests.support.media import Media

Acts = Callable[..., None]


@pytest.fixture
def acts(queue: SceneQueue) -> Acts:
    """Publishes what an acting dispatcher would: where its containers run, and which folders they share."""

    def acts(fleet: str, *roots: Path, aws_credentials: bool | None = None) -> None:
        plan = {"why": "", "at_ms": queue.inspect.now_ms(), "usd_per_hour": 0.0, "fleet": fleet}
        plan["aws_credentials"] = aws_credentials
        queue.dispatcher.publish_plan(json.dumps({**plan, "file_roots": [str(root) for root in roots]}))

    return acts


def test_what_is_out_of_reach_is_told_beside_every_other_mistake(producer: Producer, acts: Acts, tmp_path: Path) -> None:
    """Of a scene that cannot be read, of its other inputs, and of the job."""
    acts("process", tmp_path)
    scene = {"name": "a/b", "image": "file:///elsewhere/a.jpg", "audio": "ftp://x/a.mp3", "watermark": "/missing.png"}
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output="/out", options={"zom": 1}, film={"nam": "x"}, lane="fast", job_id="a b")
    assert [mistake.place for mistake in caught.value.mistakes] == [
        *(("output",), ("options", "zom"), ("film", "nam"), ("job_id",), ("lane",)),
        *(("scenes", 0, "image"), ("scenes", 0, "name"), ("scenes", 0, "audio"), ("scenes", 0, "watermark")),
    ]


def test_files_beyond_the_roots_are_all_named_and_nothing_is_enqueued(
    producer: Producer, queue: SceneQueue, media: Media, tmp_path: Path, acts: Acts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output and every input of every scene, with one value for all that lies in the folder one works in."""
    acts("process", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    scene = {"name": "a", "image": media.image(), "audio": media.tone()}
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output="out")
    output, inputs = caught.value.problems
    assert output.startswith(f"output: containers cannot write {tmp_path}/out")
    elsewhere = tmp_path / "elsewhere"
    wanted = f"""SCENEBURST_FILE_ROOTS='["{elsewhere}", "{tmp_path}"]' (`sceneburst up`: --root {elsewhere} --root {tmp_path})"""
    assert [line.count(wanted) for line in caught.value.problems] == [1, 1]
    assert inputs.startswith(f"scene 1 (a): image: containers cannot read {media.folder}/picture.jpg")
    assert inputs.endswith("(the same holds for scene 1 (a): audio)")
    with pytest.raises(InvalidScenes, match="film: music: containers cannot read"):
        producer.submit_scenes([scene], output="s3://bucket/out", film={"music": str(media.tone("music.mp3"))})
    assert queue.inspect.depth().counts.total == 0


def test_one_reason_is_told_once_for_all_scenes_in_their_order(
    producer: Producer, media: Media, tmp_path: Path, acts: Acts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one value that serves all of their folders, between the other mistakes; of many places the first are named."""
    acts("process")
    monkeypatch.chdir("/")
    scenes = []
    for index in range(12):
        (folder := tmp_path / f"{index // 6}").mkdir(exist_ok=True)
        image, audio = folder / f"{index}.jpg", folder / f"{index}.mp3"
        image.write_bytes(b"x")
        audio.write_bytes(b"x")
        scenes.append({"name": f"s{index}", "image": image, "audio": audio})
    scenes[3] = {"name": "s3", "image": tmp_path / "missing.jpg", "audio": scenes[3]["audio"]}
    scenes[0] = {"name": "s0", "image": scenes[0]["image"], "audio": tmp_path / "missing.mp3"}
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes(scenes, output="s3://bucket/out")
    assert [line.partition(": ")[0] for line in caught.value.problems] == ["scene 1 (s0)", "scene 1 (s0)", "scene 4 (s3)"]
    beyond = caught.value.problems[0]
    assert f"""SCENEBURST_FILE_ROOTS='["{tmp_path}/0", "{tmp_path}/1"]'""" in beyond
    assert "(the same holds for scene 2 (s1): image, scene 2 (s1): audio, scene 3 (s2): image, scene 3 (s2): audio" in beyond
    assert "scene 3 (s2): audio, scene 4 (s3): audio" in beyond


def test_what_the_roots_hold_is_enqueued_without_a_warning(producer: Producer, media: Media, tmp_path: Path, acts: Acts) -> None:
    """The dispatcher acts, and its containers reach everything."""
    acts("process", tmp_path)
    scene = {"name": "a", "image": media.image(), "audio": media.tone()}
    assert producer.submit_scenes([scene], output=tmp_path / "out").warnings == ()


def test_buckets_that_containers_have_no_credentials_for_are_named_before_anything_is_enqueued(
    producer: Producer, queue: SceneQueue, media: Media, tmp_path: Path, acts: Acts
) -> None:
    """Of outputs, inputs and music."""
    scene = {"name": "a", "image": "s3://bucket/a.jpg", "audio": media.tone()}
    film = {"music": "s3://bucket/music.mp3"}
    acts("process", tmp_path, aws_credentials=False)
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output="s3://bucket/out", film=film)
    output, inputs = caught.value.problems
    assert output.startswith("output: containers cannot write s3://bucket/out")
    assert inputs.startswith("film: music: containers cannot read s3://bucket/music.mp3")
    assert inputs.endswith("(the same holds for scene 1 (a): image)")
    assert all("no AWS credentials" in line for line in caught.value.problems)
    assert queue.inspect.depth().counts.total == 0


def test_where_nobody_knows_of_credentials_no_bucket_is_refused(producer: Producer, tmp_path: Path, acts: Acts) -> None:
    """A dispatcher that has only just started, or one of another fleet."""
    acts("process", tmp_path, aws_credentials=None)
    scene = {"name": "a", "image": "s3://bucket/a.jpg", "audio": "s3://bucket/a.mp3"}
    producer.submit_scenes([scene], output="s3://bucket/out").cancel()


def test_local_files_are_no_trouble_where_they_are_uploaded(
    queue: SceneQueue, redis_url: str, namespace: str, media: Media, tmp_path: Path, acts: Acts
) -> None:
    """To a folder that containers share, in place of a bucket."""
    acts("process", tmp_path / "shared")
    settings = ProducerSettings.load(
        redis_url=redis_url, namespace=namespace, inputs=f"file://{tmp_path}/shared/inputs", file_roots=[tmp_path]
    )
    scene = {"name": "a", "image": media.image(), "audio": media.tone()}
    with Producer(settings=settings) as producer:
        producer.submit_scenes([scene], output="s3://bucket/out").cancel()


def test_the_http_api_refuses_the_same_with_the_place(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path, acts: Acts
) -> None:
    """The API's own roots allow the address; the dispatcher's containers do not reach it."""
    acts("process", tmp_path / "elsewhere")
    scene = {"name": "a", "image": f"file://{tmp_path}/a.jpg", "audio": "s3://bucket/a.mp3"}
    with serving(redis_url, namespace, file_roots=[tmp_path]) as api:
        refused = check_problem(api.submit({"scenes": [scene], "output": "s3://bucket/out"}), 422, "invalid")
        scenes = [scene, {**scene, "name": "b", "audio": f"file://{tmp_path}/b.mp3"}]
        several = check_problem(api.submit({"scenes": scenes, "output": "s3://bucket/out"}), 422, "invalid")["errors"]
    assert [error["pointer"] for error in refused["errors"]] == ["#/scenes/0/image"]
    assert "SCENEBURST_FILE_ROOTS" in refused["detail"]
    assert [error["pointer"] for error in several] == ["#/scenes/0/image", "#/scenes/1/image", "#/scenes/1/audio"]
    assert several[2]["detail"] == "scene 2 (b): audio: the same as for #/scenes/0/image"
    assert queue.inspect.depth().counts.total == 0


@pytest.mark.parametrize("below", ["", "/a"])
@pytest.mark.parametrize("has_dispatcher", [True, False])
def test_an_output_that_is_a_file_or_under_one_is_refused_by_every_entry(
    queue: SceneQueue,
    producer: Producer,
    redis_url: str,
    namespace: str,
    media: Media,
    tmp_path: Path,
    acts: Acts,
    *,
    below: str,
    has_dispatcher: bool,
) -> None:
    """With the file's name and what to do, before anything is enqueued."""
    taken = tmp_path / "file.txt"
    taken.write_text("a file")
    if has_dispatcher:
        acts("process", tmp_path, media.folder)
    words = f"output: {taken} is a file, not a folder; move it away, or name another folder"
    scene = {"name": "a", "image": str(media.image()), "audio": str(media.tone())}
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output=f"{taken}{below}")
    assert [(mistake.place, mistake.text) for mistake in caught.value.mistakes] == [(("output",), words)]
    manifest = tmp_path / "job.yaml"
    manifest.write_text(json.dumps({"scenes": [scene]}))
    with pytest.raises(InvalidScenes, match="is a file, not a folder"):
        read_manifest(manifest, lambda: None, output=f"{taken}{below}")
    with serving(redis_url, namespace, file_roots=[tmp_path, media.folder]) as api:
        scenes = [{"name": "a", "image": f"file://{media.image()}", "audio": f"file://{media.tone()}"}]
        refused = check_problem(api.submit({"scenes": scenes, "output": f"file://{taken}{below}"}), 422, "invalid")
    assert [(error["pointer"], error["detail"]) for error in refused["errors"]] == [("#/output", words)]
    assert queue.inspect.depth().counts.total == 0


def test_files_outside_the_roots_of_the_api_are_told_to_nobody(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    """A caller cannot find out which files there are."""
    (tmp_path / "file.txt").write_text("a file")
    (tmp_path / "root").mkdir()
    with serving(redis_url, namespace, file_roots=[tmp_path / "root"]) as api:
        body = {
            "scenes": [{"name": "a", "image": "s3://b/a.jpg", "audio": "s3://b/a.mp3"}],
            "output": f"file://{tmp_path}/file.txt",
        }
        refused = check_problem(api.submit(body), 422, "invalid")
    assert ["is outside the folders" in error["detail"] for error in refused["errors"]] == [True]
