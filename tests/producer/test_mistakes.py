"""Each of a newcomer's mistakes gets one clear line, and nothing is enqueued."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from producer import Producer, Scene
from producer.checks import Checks, Rules
from producer.places import input_problem, output_uri
from producer.reach import Reach
from scenequeue.errors import InvalidScenes, QueueUnavailable, inside
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.wishes import JobWishes
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import ProducerSettings
from tests.support.media import Media


@pytest.fixture
def producer(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Producer]:
    """A producer beside the queue under test."""
    with Producer(settings=ProducerSettings.load(redis_url=redis_url, namespace=namespace)) as producer:
        yield producer
        for job in queue.inspect.jobs():
            queue.producer.cancel(job.job_id)


@pytest.mark.parametrize(
    ("scene", "line"),
    [
        (None, "scene 1: nothing is not a scene"),
        ("intro", "scene 1: a text is not a scene"),
        (["intro", "i.jpg", "a.mp3"], "scene 1: a list is not a scene"),
        ({"name": "a", "image": "", "audio": "s3://b/a.mp3"}, "scene 1 (a): image: the path or address is empty"),
        ({"name": "a", "image": "https://[x", "audio": "ftp://b/a.mp3"}, "scene 1 (a): audio: 'ftp://b/a.mp3' is neither"),
        ({"name": "a", "image_pth": "i.jpg", "audio": "a.mp3"}, "did you mean 'image_path'?"),
        ({"name": "a", "image": b"raw", "audio": "s3://b/a.mp3", "title": 7}, "title: must be text, not 7"),
        ({"name": "字" * 90, "image": "s3://b/i", "audio": "s3://b/a"}, "more than 220 bytes"),
        ({"name": "a", "image": "s3://b/i", "audio": "s3://b/a", "options": {"fps": 900}}, "fps: must be 60 or less, not 900"),
        (
            {"name": "a", "image": "s3://b/i", "audio": "s3://b/a", "options": {"subtitle_style": {"sise": 0.1}}},
            "did you mean 'size'?",
        ),
        (
            {"name": "a", "image": "s3://b/in/../i", "audio": "s3://b/a"},
            "image: 's3://b/in/../i' has '..' in its key",
        ),
        ({"name": "a", "image": "s3://b/i", "audio": "s3://b/./a"}, "audio: 's3://b/./a' has '.' in its key"),
        ({"name": "a", "image": "s3://bucket", "audio": "s3://b/a"}, "image: 's3://bucket' is not s3://bucket/key"),
        ({"name": "a", "image": "file://host/i", "audio": "s3://b/a"}, "image: 'file://host/i' is not a file:// address"),
        (
            {"name": "a", "image": "s3://b/" + 8200 * "i", "audio": "s3://b/a"},
            "image: must have at most 8192",
        ),
    ],
)
def test_a_wrong_scene_is_named_in_one_line(producer: Producer, queue: SceneQueue, scene: Any, line: str) -> None:
    """Whatever was handed over, and never with an error that is not ours."""
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output="/somewhere")
    assert line in str(caught.value)
    assert queue.inspect.depth().counts.total == 0


@pytest.mark.parametrize(
    "scene",
    [
        {"name": 1_000_000 * "n", "image": "s3://b/i", "audio": "s3://b/a"},
        {"name": "a", "image": 1_000_000 * "i", "audio": "s3://b/a"},
        {"name": "a", "image": "ftp://" + 8_000 * "i", "audio": "s3://b/a"},
        {"name": "a", "image": "file://" + 8_000 * "i", "audio": "s3://b/a"},
        {"name": "a", "image": "s3://b/i", "audio": "s3://b/a", 1_000_000 * "k": 1},
        {"name": "a", "image": "s3://b/i", "audio": "s3://b/a", "options": {"language": 1_000_000 * "l"}},
        {"name": "a", "image": "s3://b/i", "audio": "s3://b/a", "options": {"subtitle_style": {1_000_000 * "k": 1}}},
    ],
    ids=["name", "path", "address", "file address", "field", "value", "option"],
)
def test_a_message_repeats_no_more_of_a_long_value_than_its_beginning(producer: Producer, scene: Any) -> None:
    """It would fill the screen, the log and the answer."""
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output="s3://bucket/out")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("s3://bucket/../out", "has '..' in its key"),
        ("s3://bucket/out/..", "has '..' in its key"),
        ("s3://bucket/" + 2_048 * "o", "2060 characters are more than the 2048 of an address"),
    ],
)
def test_an_output_that_means_no_one_place_is_refused(producer: Producer, output: str, words: str) -> None:
    """As over HTTP."""
    with pytest.raises(InvalidScenes, match=r"^output: ") as caught:
        producer.submit_scenes([{"name": "a", "image": "s3://b/i", "audio": "s3://b/a"}], output=output)
    assert words in str(caught.value)


def test_a_callback_address_has_the_same_limit_at_every_door(producer: Producer) -> None:
    """Until now it was the HTTP API's alone."""
    scene = {"name": "a", "image": "s3://b/i", "audio": "s3://b/a"}
    with pytest.raises(InvalidScenes, match="callback_url: must have at most 2048 characters"):
        producer.submit_scenes([scene], output="s3://bucket/out", callback_url=f"https://example.com/{2_048 * 'c'}")


@pytest.mark.parametrize(
    ("wishes", "line"),
    [
        ({"scenes_per_batch": 0}, "wishes.scenes_per_batch: must be 1 or more, not 0"),
        ({"max_parallel_tasks": -1}, "wishes.max_parallel_tasks: must be 1 or more, not -1"),
        ({"min_scenes_per_batch": 2.5}, "wishes.min_scenes_per_batch: must be a whole number, not 2.5"),
        ({"config_priority": 6}, "wishes.config_priority: must be 5 or less, not 6"),
        ({"config_priority": True}, "wishes.config_priority: must be a whole number, not True"),
        ({"scene_per_batch": 5}, "unknown option 'wishes.scene_per_batch', did you mean 'scenes_per_batch'?"),
        (5, "wishes: must be a mapping of names to values, not 5"),
    ],
)
def test_wishes_that_cannot_be_meant_are_named(producer: Producer, queue: SceneQueue, wishes: Any, line: str) -> None:
    """Each by its field; none is ignored."""
    scene = {"name": "a", "image": "s3://b/i", "audio": "s3://b/a"}
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output="s3://b/o", wishes=wishes)
    assert line in str(caught.value)
    assert queue.inspect.depth().counts.total == 0
    job = producer.submit_scenes([scene], output="s3://b/o", wishes={"scenes_per_batch": 2}, check_files=False)
    assert job.status().wishes == JobWishes(scenes_per_batch=2)


@pytest.mark.parametrize("given", [[], (), iter([]), {}])
def test_no_scenes_are_a_mistake(producer: Producer, queue: SceneQueue, given: Any) -> None:
    """Of a list or of an iterator alike."""
    with pytest.raises(InvalidScenes, match="there are no scenes"):
        producer.submit_scenes(given, output="/somewhere")
    assert queue.inspect.depth().counts.total == 0


@pytest.mark.parametrize("given", [[], iter([])])
def test_a_job_without_scenes_is_told_its_other_mistakes_too(given: Any) -> None:
    """All in one exception, as for a job with scenes."""
    checks = Checks(Rules(check_files=False), lambda: Reach("process", ()))
    checks.output("file:///out")
    with pytest.raises(InvalidScenes) as caught:
        list(checks.good_chunks(given, RenderOptions(), None, 10))
    output, scenes = caught.value.problems
    assert output.startswith("output: containers cannot write /out")
    assert scenes == "there are no scenes"


def test_one_scene_instead_of_a_list_is_explained(producer: Producer, media: Media) -> None:
    """A forgotten pair of brackets."""
    scene = {"name": "a", "image": str(media.image()), "audio": str(media.tone())}
    with pytest.raises(InvalidScenes, match="is not a scene"):
        producer.submit_scenes(scene, output="/somewhere")  # type: ignore[arg-type]


@pytest.mark.parametrize("output", ["", "  ", "s3://", "s3:///videos", "file://host/x", "http://x/y", "gs://b/x", "a\0b"])
def test_an_output_that_cannot_be_written_is_refused(output: str) -> None:
    """Before anything is rendered for it."""
    with pytest.raises(InvalidScenes, match="output: "):
        output_uri(output)


@pytest.mark.parametrize(
    "output",
    ["out/.sceneburst", ".sceneburst/job/0", "/out/.sceneburst/x", "s3://b/.sceneburst/job/0", "file:///o/%2Esceneburst/x"],
)
def test_an_output_among_working_files_is_refused(output: str) -> None:
    """They are deleted with the job that they belong to."""
    with pytest.raises(InvalidScenes, match=r"is in a folder \.sceneburst, whose files are deleted"):
        output_uri(output)


@pytest.mark.parametrize("place", ["https://user:secret@example.com/a.mp4", "https://", "https://host:port/a.mp4"])
def test_an_https_address_that_no_container_reads_is_refused_without_its_password(place: str) -> None:
    """Before it is stored in the queue."""
    assert (problem := input_problem(place)) is not None
    assert "secret" not in problem.text


def test_an_output_is_an_address_without_a_slash_at_its_end(tmp_path: Path) -> None:
    """Folders with any name in them, buckets without a folder."""
    assert output_uri("s3://bucket/") == "s3://bucket"
    assert output_uri("s3://bucket/a b/") == "s3://bucket/a b"
    assert output_uri(tmp_path / "a b") == f"file://{tmp_path}/a%20b"


def test_a_job_id_with_a_line_break_is_refused() -> None:
    """It would become part of a key and of a path."""
    for wrong in ("a\n", "a b", "../a", "", "a..b", "é"):
        with pytest.raises(ValueError, match="not a usable job id"):
            check_job_id(wrong)


def test_an_empty_job_id_is_refused_and_no_other_made_up(producer: Producer, media: Media) -> None:
    """Whoever gave one, from a variable that was not set, would never find the job again."""
    scene = Scene(name="a", image=str(media.image()), audio=str(media.tone()))
    with pytest.raises(InvalidScenes, match="job_id: '' is not a usable job id"):
        producer.submit_scenes([scene], output="/somewhere", job_id="")


def test_no_redis_is_said_with_its_address_and_never_with_its_password(media: Media) -> None:
    """And nothing hangs."""
    scene = Scene(name="a", image=str(media.image()), audio=str(media.tone()))
    with Producer("redis://:secret@127.0.0.1:1/0") as producer, pytest.raises(QueueUnavailable) as caught:
        producer.submit_scenes([scene], output="/somewhere")
    assert "127.0.0.1:1" in str(caught.value)
    assert "is redis_url right?" in str(caught.value)
    assert "`sceneburst up`" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_mistake_in_a_later_chunk_of_an_iterator_leaves_nothing_visible(
    producer: Producer, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier chunks were staged already; the job never becomes visible."""
    monkeypatch.setattr("producer.client.CHUNK", 10)
    scenes = ({"name": f"s{n if n != 25 else 3}", "image": "s3://b/i", "audio": "s3://b/a"} for n in range(40))
    with pytest.raises(InvalidScenes, match=r"scene 26 \(s3\): scene 4 has this name too"):
        producer.submit_scenes(scenes, output="/somewhere", job_id="late")
    assert queue.inspect.jobs() == []


def test_inputs_of_odd_kinds_are_named(producer: Producer, media: Media) -> None:
    """A folder, a pipe."""
    os.mkfifo(media.folder / "pipe")
    scene = {"name": "a", "image": str(media.folder), "audio": str(media.folder / "pipe")}
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes([scene], output="/somewhere")
    assert [problem.endswith("is not a file") for problem in caught.value.problems] == [True, True]


def test_a_scene_that_cannot_be_read_is_checked_as_far_as_it_can(producer: Producer, tmp_path: Path) -> None:
    """A bad name hides neither missing files nor wrong options."""
    lost = str(tmp_path / "lost.jpg")
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes(
            [
                {"name": "a/b", "image": lost, "audio": "s3://b/a.mp3", "options": {"motoin": "x"}},
                {"name": "c", "image": "ftp://b/c.jpg"},
                {"name": "c", "image": "s3://b/c.jpg", "audio": 3},
            ],
            output="s3://b/out",
        )
    said = "\n".join(caught.value.problems)
    assert said.count("scene 1: name") == 1
    assert f"scene 1: image: there is no file {lost}" in said
    assert "scene 1: unknown option 'motoin', did you mean 'motion'?" in said
    assert "scene 2: 'audio' is missing" in said
    assert "scene 2: image: 'ftp://b/c.jpg' is neither" in said
    assert "scene 3: audio" in said
    assert "scene 3: scene 2 has this name too" in said
    assert len(caught.value.problems) == 7


def test_a_mistake_in_one_option_or_in_the_film_leaves_the_others_what_they_are(producer: Producer) -> None:
    """A scene's own options are judged over the job's good ones, and once for each."""
    scenes = [
        {"name": "a", "image": "s3://b/i", "audio": "s3://b/a", "options": {"fps": 25}},
        {"name": "b", "image": "s3://b/i", "audio": "s3://b/a", "options": {"fps": 900}},
        {"name": "whole", "image": "s3://b/i", "audio": "s3://b/a"},
    ]
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes(scenes, output="s3://b/o", options={"fps": 25, "zoom": 9}, film={"name": "whole", "fade": 1})
    places = [mistake.place for mistake in caught.value.mistakes]
    assert places == [("options", "zoom"), ("film", "fade"), ("scenes", 1, "options", "fps"), ("scenes", 2, "name")]


def test_every_mistake_is_a_code_with_parameters() -> None:
    """A refused value's is our own; of pydantic's there are its type, its facts and its words."""
    checks = Checks(Rules(check_files=False))
    given = {"name": "a/b", "image": "s3://b/i", "audio": "s3://b/a", "options": {"fps": 900}}
    assert list(checks.scenes([given], RenderOptions(), None)) == [[]]
    name, fps = (mistake.reason for mistake in checks.mistakes)
    scene = Reason("scene", {"number": 1})
    assert name == inside(scene, inside("name", Reason("name_unusable", {"name": "a/b"})))
    said = "must be less than or equal to 60"
    value = Reason("value_refused", {"le": 60, "value": "900", "type": "less_than_equal", "problem": said})
    assert fps == inside(scene, inside("fps", value))
    told = InvalidScenes(checks.mistakes)
    assert told.reason == Reason("mistakes", {"mistakes": (name, fps)})
    assert str(told) == f"{name.text}\nscene 1: fps: must be 60 or less, not 900"


def test_mistakes_are_told_though_the_queue_does_not_answer() -> None:
    """Nobody can be asked what containers reach; all other mistakes can be told."""
    scene = {"name": "a", "image": "s3://b/i", "audio": "s3://b/a"}
    with Producer("redis://127.0.0.1:1/0") as producer:
        with pytest.raises(InvalidScenes, match="options: unknown option 'zom'"):
            producer.submit_scenes([scene], output="s3://b/o", options={"zom": 1})
        with pytest.raises(InvalidScenes, match="options: a list is not options"):
            producer.submit_scenes([scene], output="s3://b/o", options=["zoom"])  # type: ignore[arg-type]
