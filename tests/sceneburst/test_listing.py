"""Jobs by state, label and age; labels on their way from a manifest and the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from sceneburst.commands.operators.listing import parse_age_ms
from sceneburst.exit_codes import Exit
from sceneburst.manifest import read_manifest
from scenequeue.errors import InvalidScenes
from scenequeue.jobs.ids import JobId
from scenequeue.jobs.job import Counts, JobState, JobStatus, Lane
from scenequeue.jobs.job_filter import JobFilter
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.media import Media


def _listed(console: Console, *words: str) -> list[str]:
    ended = console("jobs", *words, "--json")
    assert ended.code == 0, ended.err
    return [job["job_id"] for job in json.loads(ended.out)]


def test_jobs_are_found_by_state_label_and_age(console: Console, queue: SceneQueue) -> None:
    """Newest first; all that is asked for must hold."""
    submit(queue, "a", 1, labels={"shop": "north", "kind": "trailer"})
    submit(queue, "b", 1, labels={"shop": "south", "kind": "trailer"})
    submit(queue, "c", 1)
    queue.producer.cancel("b")
    assert sorted(_listed(console)) == ["a", "b", "c"]
    assert _listed(console, "--state", "cancelled") == ["b"]
    assert sorted(_listed(console, "--label", "kind=trailer")) == ["a", "b"]
    assert _listed(console, "--label", "kind=trailer", "--label", "shop=north") == ["a"]
    assert _listed(console, "--label", "kind=trailer", "--state", "done") == []
    assert sorted(_listed(console, "--since", "1h")) == ["a", "b", "c"]
    assert "kind=trailer" in console("jobs").out
    assert "shop=north" in console("status", "a").out


def _job(created_ms: int) -> JobStatus:
    return JobStatus(job_id=JobId("a"), state=JobState.DONE, lane=Lane.BULK, counts=Counts(), created_ms=created_ms)


def test_an_age_counts_from_the_submission() -> None:
    """A job of that very age is among them."""
    assert [job.created_ms for job in filter(JobFilter(since_ms=10).matches, [_job(9), _job(10), _job(11)])] == [10, 11]


@pytest.mark.parametrize(
    ("text", "ms"), [("90s", 90_000), ("15m", 900_000), ("1h", 3_600_000), ("2d", 172_800_000), ("1w", 604_800_000)]
)
def test_an_age_is_a_number_and_a_unit(text: str, ms: int) -> None:
    """Seconds to weeks."""
    assert parse_age_ms(text) == ms


@pytest.mark.parametrize(
    "words", [("--since", "soon"), ("--since", "1y"), ("--label", "shop"), ("--label", "=x"), ("--state", "lost")]
)
def test_a_filter_that_is_none_is_exit_2(console: Console, words: tuple[str, str]) -> None:
    """And says which are."""
    assert console("jobs", *words).code == Exit.USAGE


def test_the_newest_are_shown_and_that_there_are_more_is_said(console: Console, queue: SceneQueue) -> None:
    """An operator who misses a job learns why."""
    for name in ("a", "b", "c"):
        submit(queue, name, 1)
    ended = console("jobs", "--json", "--limit", "2")
    assert [job["job_id"] for job in json.loads(ended.out)] == ["c", "b"]
    assert "only the newest 2 are shown; --limit shows more" in ended.err
    assert console("jobs", "--limit", "3").err == ""


def test_jobs_are_found_by_lane_and_by_the_beginning_of_their_id(console: Console, queue: SceneQueue) -> None:
    """Together with any other filter."""
    for name, lane in (("order-1", Lane.URGENT), ("order-2", Lane.BULK), ("test-1", Lane.URGENT)):
        submit(queue, name, 1, lane=lane)
    assert sorted(_listed(console, "--lane", "urgent")) == ["order-1", "test-1"]
    assert sorted(_listed(console, "--name", "order-")) == ["order-1", "order-2"]
    assert _listed(console, "--name", "order-", "--lane", "bulk", "--state", "active") == ["order-2"]
    assert "no job is like that" in console("jobs", "--name", "nothing").out


def _manifest(media: Media, labels: Any) -> Path:
    scene = {"name": "s", "image": str(media.image()), "audio": str(media.tone("n.wav", 0.2))}
    path = media.folder / "job.json"
    path.write_text(json.dumps({"labels": labels, "scenes": [scene]}, indent=1))
    return path


def test_labels_come_from_the_manifest_and_the_command_line(
    console: Console, queue: SceneQueue, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line's lie over the manifest's."""
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", json.dumps([str(media.folder)]))
    path = _manifest(media, {"shop": "north", "year": 2026})
    words = ("submit", str(path), "--output", str(media.folder / "out"), "--job-id", "a", "--label", "shop=south")
    ended = console(*words)
    assert ended.code == 0, ended.err
    assert queue.inspect.job("a").labels == {"shop": "south", "year": "2026"}


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["shop"], "job.json:2: labels: a mapping"),
        ({"the shop": "x"}, "not a usable label name"),
        ({"a": "x" * 257}, "at most 256 characters"),
        ({"a": "x\ny"}, "no control characters"),
        ({f"n{number}": "x" for number in range(17)}, "at most 16"),
    ],
)
def test_labels_that_cannot_be_stored_are_named_with_their_line(media: Media, labels: Any, said: str) -> None:
    """They are few, short, and safe in a key and a filter."""
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(_manifest(media, labels))
    assert said in str(caught.value)
