"""The API reports all mistakes of a request, each with its place."""

import json

import pytest

from producer import Producer
from sceneburst.http_api.errors import pointer_to
from scenequeue.errors import InvalidScenes
from scenequeue.queue import SceneQueue
from tests.sceneburst.http_api.serving import Api, check_problem, job, scene, serving


def test_every_mistake_is_named_with_its_place_and_nothing_is_enqueued(api: Api, queue: SceneQueue) -> None:
    """All at once, each with a pointer into the body."""
    body = {
        "scenes": [
            scene("a", image="intro.jpg", options={"fsp": 3}),
            scene("b", audio="file:///etc/passwd", options={"fps": 99}),
            scene("c", options={"subtitle_style": {"size": 9}}),
            {"name": "d", "imag": "s3://b/k"},
            scene("../e"),
            scene("f", image="ftp://x/y"),
            7,
        ],
        "output": "/tmp/out",
        "options": {"zoom": 9, "fitt": "cover"},
        "film": {"crossfade": 1, "music": "song.mp3"},
    }
    problem = check_problem(api.submit(body), 422, "invalid")
    places = {entry["pointer"]: entry["detail"] for entry in problem["errors"]}
    assert set(places) == {
        *("#/output", "#/options/zoom", "#/options/fitt", "#/film/crossfade", "#/film/music"),
        *("#/scenes/0/image", "#/scenes/0/options/fsp", "#/scenes/1/audio", "#/scenes/1/options/fps"),
        "#/scenes/2/options/subtitle_style/size",
        *("#/scenes/3/imag", "#/scenes/3/image", "#/scenes/3/audio", "#/scenes/4/name", "#/scenes/5/image", "#/scenes/6"),
    }
    assert "did you mean 'fit'" in places["#/options/fitt"]
    assert "SCENEBURST_FILE_ROOTS" in places["#/scenes/1/audio"]
    assert queue.inspect.jobs() == []


def test_a_scene_that_cannot_be_read_is_checked_as_far_as_it_can(api: Api) -> None:
    """A bad name hides neither a path nor a wrong option."""
    bad = {"name": "a/b", "image": "/etc/passwd", "audio": "s3://b/a.mp3", "options": {"motoin": "x"}}
    problem = check_problem(api.submit({"scenes": [bad], "output": "s3://b/out"}), 422, "invalid")
    places = {each["pointer"] for each in problem["errors"]}
    assert places == {"#/scenes/0/name", "#/scenes/0/image", "#/scenes/0/options/motoin"}


def test_mistakes_of_the_whole_are_named_beside_those_of_the_scenes(api: Api, queue: SceneQueue) -> None:
    """Of the request's form, of a name that two scenes have, and of what containers do not reach."""
    plan = {"why": "", "at_ms": 1, "usd_per_hour": 0.0, "fleet": "process", "file_roots": [], "aws_credentials": False}
    queue.dispatcher.publish_plan(json.dumps(plan))
    scenes = [scene("a"), scene("a", image="ftp://x"), {"name": "a", "image": "https://x.example/a.jpg"}]
    body = {"scenes": scenes, "output": "s3://b/out", "lane": "fast", "max_attempts": 0, "prioritty": 1, "wishes": 4}
    problem = check_problem(api.submit(body), 422, "invalid")
    told = {entry["pointer"]: entry["detail"] for entry in problem["errors"]}
    assert set(told) == {
        *("#/lane", "#/max_attempts", "#/prioritty", "#/wishes", "#/output"),
        *("#/scenes/0/image", "#/scenes/0/audio", "#/scenes/1", "#/scenes/1/image", "#/scenes/1/audio"),
        *("#/scenes/2", "#/scenes/2/audio"),
    }
    assert told["#/scenes/1"] == "scene 2 (a): scene 1 has this name too; each needs one of its own"
    assert told["#/scenes/2"] == "scene 3: scene 1 has this name too; each needs one of its own"
    assert told["#/scenes/1/audio"] == "scene 2 (a): audio: the same as for #/scenes/0/image"


def test_python_and_http_tell_the_same_mistakes_in_the_same_words(api: Api, redis_url: str, namespace: str) -> None:
    """One validator serves both, so a caller who changes from one to the other learns nothing new."""
    scenes = [
        scene("a", options={"fsp": 3, "subtitle_style": {"size": 9}}),
        {"scene_name": "a", "image_path": "ftp://x/y", "audio": 3, "titel": "t"},
        scene("../e", image="s3://b", audio=""),
        scene("film", options={"fps": 25}),
        7,
    ]
    body = {"output": "s3://b/../o", "options": {"zoom": 9}, "film": {"music": "x://y"}, "callback_url": "http://x.example"}
    told = check_problem(api.submit({**body, "scenes": scenes}), 422, "invalid")["errors"]
    with Producer(redis_url, namespace) as producer, pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes(scenes, **body)  # type: ignore[arg-type]
    assert told == [
        {"in": "body", "pointer": pointer_to(mistake.place), "detail": mistake.text, **mistake.reason.to_json()}
        for mistake in caught.value.mistakes
    ]
    assert len(told) == 16


def test_mistakes_of_the_whole_are_named_too(api: Api) -> None:
    """Of the request's own form, and those that only all scenes together have."""
    for body, place in (
        ({"output": "s3://b/o"}, "#/scenes"),
        (job(), "#/scenes"),
        (job("a", lane="fast"), "#/lane"),
        (job("a", job_id="a/b"), "#/job_id"),
        (job("a", job_id=""), "#/job_id"),
        (job("a", prioritty=1), "#/prioritty"),
        (job("a", max_attempts=0), "#/max_attempts"),
        (job("a", callback_url="http://x.example"), "#/callback_url"),
        (job("a", labels={"a": 1}), "#/labels/a"),
        (job("a", wishes={"scenes_per_batch": 0}), "#/wishes/scenes_per_batch"),
        (job("a", wishes={"config_priority": "4"}), "#/wishes/config_priority"),
        (job("a", wishes={"max_tasks": 4}), "#/wishes/max_tasks"),
        (job("a", wishes=4), "#/wishes"),
        (job("a", "a"), "#/scenes/1"),
        (job("film", film=True), "#/scenes/0/name"),
        ({**job("a"), "output": "https://x.example/out"}, "#/output"),
        ([1], "#"),
    ):
        problem = check_problem(api.submit(body), 422, "invalid")
        assert [entry["pointer"] for entry in problem["errors"]] == [place], problem


def test_more_scenes_than_one_request_may_have_are_refused(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """Before any of them is looked at."""
    with serving(redis_url, namespace, api_max_scenes=2) as api:
        problem = check_problem(api.submit(job("a", "b", "c")), 422, "invalid")
    assert "more than the 2" in problem["errors"][0]["detail"]
