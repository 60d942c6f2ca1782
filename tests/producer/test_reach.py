"""Addresses that no container of the acting dispatcher can read or write are refused before anything is enqueued."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from producer import Producer
from producer.reach import Reach
from scenequeue.errors import InvalidScenes
from scenequeue.items import ContainerRecord, Scene
from scenequeue.names import ContainerId
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.media import Media
from tests.producer.serving import check_problem, serving

Acts = Callable[..., None]


@pytest.fixture
def acts(queue: SceneQueue) -> Acts:
    """Publishes what an acting dispatcher would: where its containers run, and which folders they share."""

    def acts(fleet: str, *roots: Path, aws_credentials: bool | None = None) -> None:
        plan = {"why": "", "at_ms": queue.inspect.now_ms(), "usd_per_hour": 0.0, "fleet": fleet}
        plan["aws_credentials"] = aws_credentials
        queue.dispatcher.publish_plan(json.dumps({**plan, "file_roots": [str(root) for root in roots]}))

    return acts


@pytest.mark.parametrize(
    ("reach", "address", "act", "words"),
    [
        (Reach("process", (Path("/srv"),)), "s3://bucket/a.jpg", "read", None),
        (Reach("process", (Path("/srv"),), has_aws=False), "s3://bucket/a.jpg", "read", "finds no AWS credentials"),
        (Reach("process", (Path("/srv"),), has_aws=False), "s3://bucket/out", "write", "start it with AWS's own"),
        (Reach("process", (Path("/srv"),), has_aws=False), "file:///srv/a.jpg", "read", None),
        (Reach("process", ()), "https://host/a.jpg", "read", None),
        (Reach("process", (Path("/srv"),)), "file:///srv/a.jpg", "read", None),
        (Reach("process", (Path("/srv"),)), "file:///srv", "write", None),
        (Reach("process", (Path("/srv"),)), "file:///srv/../home/a.jpg", "read", "cannot read"),
        (Reach("process", ()), "file:///srv/own/../in/a.jpg", "read", """SCENEBURST_FILE_ROOTS='["/srv/in"]'"""),
        (
            *(Reach("process", (Path("/srv/own"),), here=Path("/srv/own")), "file:///srv/own/../in/a.jpg", "read"),
            """SCENEBURST_FILE_ROOTS='["/srv/own", "/srv/in"]'""",
        ),
        (
            *(Reach("process", (), here=Path("/srv/own")), "file:///srv/own/../out", "write"),
            """SCENEBURST_FILE_ROOTS='["/srv/out"]'""",
        ),
        (Reach("process", (Path("/srv"),)), "file:///srvs/a.jpg", "read", "only under /srv"),
        (Reach("process", ()), "file:///home/a.jpg", "read", """SCENEBURST_FILE_ROOTS='["/home"]'"""),
        (Reach("process", (Path("/srv"),)), "file:///out", "write", """SCENEBURST_FILE_ROOTS='["/srv", "/out"]'"""),
        (Reach("process", (Path("/srv"),)), "file:///out", "write", "an output that is an s3:// address"),
        (Reach("docker", ()), "file:///out", "write", """SCENEBURST_DOCKER_VOLUMES='["/out:/out"]'"""),
        (Reach("fargate", (Path("/srv"),)), "file:///srv/a.jpg", "read", "SCENEBURST_INPUTS=s3://BUCKET/inputs"),
        (Reach("fargate", ()), "file:///out", "write", "an output that is an s3:// address"),
        (Reach("process", (Path("/srv"),)), "file://host/a.jpg", "read", "is not a file:// address"),
    ],
)
def test_an_address_beyond_reach_is_told_with_the_setting_to_change(
    reach: Reach, address: str, act: Any, words: str | None
) -> None:
    """And with the value that it is to have."""
    problem = reach.problem(address, act)
    assert (problem is None) == (words is None), problem
    assert words is None or words in str(problem)


def test_links_are_followed_as_containers_follow_them(tmp_path: Path) -> None:
    """A folder outside that leads in is within reach."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Reach("process", (tmp_path / "real",)).problem(f"file://{tmp_path}/link/a.jpg", "read") is None
    assert Reach("process", (tmp_path / "link",)).problem(f"file://{tmp_path}/real/a.jpg", "read") is None
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert Reach("process", (tmp_path / "real",)).problem(f"file://{tmp_path}/loop/a.jpg", "read")


def test_a_folder_within_reach_vouches_for_its_own_files_only() -> None:
    """Neither for those of the root folder nor for those above it."""
    reach = Reach("process", (Path("/srv"),), here=Path("/srv"))

    def outside(image: str) -> list[str]:
        return reach.problems_of_scene(Scene(name="a", image=image, audio="s3://bucket/a.mp3"))

    for image in ("/srv/a.jpg", "/srv/b.jpg", "/srv/in/a.jpg", "file:///srv/a.jpg"):
        assert outside(image) == []
    for image in ("/a.jpg", "/srv/../a.jpg", "file:///a.jpg", "/srv/in/../../a.jpg"):
        assert len(outside(image)) == 1


def test_files_beyond_the_roots_are_all_named_and_nothing_is_enqueued(
    producer: Producer, queue: SceneQueue, media: Media, tmp_path: Path, acts: Acts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output and every input of every scene, with one value for all that lies in the folder one works in."""
    acts("process", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    scene = {"name": "a", "image": media.image(), "audio": media.tone()}
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output="out")
    output, first, second = caught.value.problems
    assert output.startswith(f"output: containers cannot write {tmp_path}/out")
    wanted = f"""SCENEBURST_FILE_ROOTS='["{tmp_path}/elsewhere", "{tmp_path}"]' (`sceneburst up`: --root {tmp_path})"""
    assert [line.count(wanted) for line in caught.value.problems] == [1, 1, 1]
    assert first.startswith(f"scene 1 (a): image: containers cannot read {media.folder}/picture.jpg")
    assert second.startswith("scene 1 (a): audio: containers cannot read")
    with pytest.raises(InvalidScenes, match="film: music: containers cannot read"):
        producer.submit_scenes([scene], output="s3://bucket/out", film={"music": str(media.tone("music.mp3"))})
    assert queue.inspect.depth().counts.total == 0


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
    places = [line.partition(": containers cannot")[0] for line in caught.value.problems]
    assert places == ["output", "film: music", "scene 1 (a): image"]
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


def test_a_dispatcher_of_another_version_refuses_nothing(
    producer: Producer, queue: SceneQueue, media: Media, tmp_path: Path
) -> None:
    """Its plan does not say what its containers reach."""
    queue.dispatcher.publish_plan(json.dumps({"why": "", "at_ms": 1, "usd_per_hour": 0.0}))
    scene = {"name": "a", "image": media.image(), "audio": media.tone()}
    assert producer.submit_scenes([scene], output=tmp_path / "out").warnings == ()


def test_without_a_dispatcher_a_job_is_enqueued_with_a_warning(
    producer: Producer, queue: SceneQueue, caplog: pytest.LogCaptureFixture
) -> None:
    """It says what to start; a worker that was started by hand needs no dispatcher."""
    scene = {"name": "a", "image": "s3://bucket/a.jpg", "audio": "s3://bucket/a.mp3"}
    with caplog.at_level(logging.WARNING, "sceneburst"):
        handle = producer.submit_scenes([scene], output="s3://bucket/out")
    assert [warning.code for warning in handle.warnings] == ["no_dispatcher"]
    assert "sceneburst dispatcher" in caplog.text
    queue.worker.beat(ContainerRecord(container_id=ContainerId("mine"), started_ms=queue.inspect.now_ms()))
    assert producer.submit_scenes([scene], output="s3://bucket/out").warnings == ()


def test_the_http_api_refuses_the_same_with_the_place(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path, acts: Acts
) -> None:
    """The API's own roots allow the address; the dispatcher's containers do not reach it."""
    acts("process", tmp_path / "elsewhere")
    scene = {"name": "a", "image": f"file://{tmp_path}/a.jpg", "audio": "s3://bucket/a.mp3"}
    with serving(redis_url, namespace, file_roots=[tmp_path]) as api:
        refused = check_problem(api.submit({"scenes": [scene], "output": "s3://bucket/out"}), 422, "invalid")
    assert [error["pointer"] for error in refused["errors"]] == ["#/scenes/0/image"]
    assert "SCENEBURST_FILE_ROOTS" in refused["detail"]
    assert queue.inspect.depth().counts.total == 0
