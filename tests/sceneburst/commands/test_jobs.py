"""Commands about one job: submitted with its options, followed, its results listed and downloaded, cancelled."""

import json
from pathlib import Path

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.jobs.job import JobState, Lane
from scenequeue.queue import SceneQueue
from tests.sceneburst.commands.conftest import JOB
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import done, submit
from tests.support.media import Media
from tests.support.reasons import said


@pytest.fixture
def manifest(media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two scenes of files."""
    media.image("a.jpg", 64, 64)
    media.tone("a.wav", 0.2)
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", json.dumps([str(media.folder), str(tmp_path)]))
    path = media.folder / "film.yaml"
    path.write_text(
        "scenes:\n- {name: one, image: a.jpg, audio: a.wav}\n- {name: two, image: a.jpg, audio: a.wav}\n", encoding="utf-8"
    )
    return path


def test_a_submission_takes_lane_id_labels_and_output_from_its_options(
    console: Console, queue: SceneQueue, manifest: Path, tmp_path: Path
) -> None:
    """And prints the job in the shape of `status --json`."""
    out = tmp_path / "videos"
    words = ("--output", str(out), "--lane", "urgent", "--job-id", "film-1", "--label", "shop=north", "--label", "kind=trailer")
    ended = console("submit", str(manifest), *words, "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["job_id"], told["state"], told["lane"]) == ("film-1", "active", "urgent")
    assert told["labels"] == {"shop": "north", "kind": "trailer"}
    assert told == json.loads(console("status", "film-1", "--json").out) | {"waits_because": told["waits_because"]}
    (first, _) = queue.worker.lease("c1", 2)
    assert first.item.payload["output"].startswith(str(out)) or first.item.payload["output"].startswith(f"file://{out}")


def test_the_same_submission_twice_is_one_job_and_another_under_its_id_is_refused(
    console: Console, queue: SceneQueue, manifest: Path, tmp_path: Path
) -> None:
    """Exit 1, and the job stays as it was."""
    words = ("submit", str(manifest), "--output", str(tmp_path / "videos"), "--job-id", "film-1")
    assert console(*words).out == console(*words).out == "job film-1: 2 scenes, active\n"
    manifest.write_text("scenes:\n- {name: three, image: a.jpg, audio: a.wav}\n", encoding="utf-8")
    refused = console(*words)
    assert (refused.code != 0, refused.out) == (True, "")
    assert "film-1" in refused.err
    assert queue.producer.status("film-1").counts.total == 2


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--label", "north", "--output", "videos"), "--label"),
        (("--lane", "fast"), "--lane"),
        ((), "no output"),
    ],
)
def test_a_submission_that_cannot_be_is_exit_2_and_no_job(
    console: Console, queue: SceneQueue, manifest: Path, words: tuple[str, ...], named: str
) -> None:
    """The message names the mistake."""
    ended = console("submit", str(manifest), *words)
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert named in ended.err
    assert queue.inspect.jobs(10) == []


@pytest.mark.parametrize(("is_good", "code", "state"), [(True, Exit.OK, "done"), (False, Exit.FAILED, "failed")])
def test_watching_ends_with_the_job_and_its_exit_code(
    console: Console, queue: SceneQueue, is_good: bool, code: Exit, state: str
) -> None:
    """One line of how many are done."""
    submit(queue, "a", 1)
    (lease,) = queue.worker.lease("c1", 1)
    if is_good:
        queue.worker.ack("c1", [done(lease)])
    else:
        queue.worker.fail("c1", lease, "BadInput", said("no picture"), transient=False)
    ended = console("watch", "a")
    assert ended.code == code
    assert ended.out == f"job a: {state}, {int(is_good)} of 1 done\n"


@pytest.mark.usefixtures("worked")
def test_results_are_in_the_order_of_the_scenes_with_output_or_reason(console: Console) -> None:
    """Those that have not ended are not among them."""
    names = [each["name"] for each in json.loads(console("results", JOB, "--json").out)]
    assert names == ["scene0", "scene1"]
    said = console("results", JOB).out
    assert said.index("s3://b/scene0.mp4") < said.index("BadInput")


def test_cancelling_says_what_is_dropped_and_what_stops(console: Console, queue: SceneQueue) -> None:
    """Twice is once."""
    submit(queue, "a", 3)
    queue.worker.lease("c1", 1)
    assert console("cancel", "a").out == "job a: cancelled, 2 dropped, 1 stopping\n"
    assert console("cancel", "a").code == 0
    assert queue.producer.status("a").state is JobState.CANCELLED


def test_a_download_copies_each_finished_video_into_the_folder(
    console: Console, queue: SceneQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is made; the number is said, and that of videos that are not there."""
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", json.dumps([str(tmp_path)]))
    video = tmp_path / "made" / "scene0.mp4"
    video.parent.mkdir()
    video.write_bytes(b"a video")
    submit(queue, "a", 2)
    first, second = queue.worker.lease("c1", 2)
    output = {"output": f"file://{video}", "bytes": 7}
    queue.worker.ack("c1", [(first, done(first)[1].model_copy(update=output))])
    queue.worker.fail("c1", second, "BadInput", said("no picture"), transient=False)
    folder = tmp_path / "in" / "here"
    ended = console("download", "a", str(folder))
    assert (ended.code, ended.out) == (0, f"1 file in {folder}; 1 video missing: job a: failed, 1 of 2 done\n")
    assert (folder / "scene0.mp4").read_bytes() == b"a video"


def test_a_download_into_a_file_is_a_wrong_argument(console: Console, queue: SceneQueue, tmp_path: Path) -> None:
    """Or into a folder below one."""
    submit(queue, "a", 1)
    taken = tmp_path / "taken"
    taken.write_text("a file")
    for folder, code in ((taken, Exit.USAGE), (taken / "in", Exit.FAILED)):
        ended = console("download", "a", str(folder))
        assert ended.code == code
        assert str(folder) in ended.err.replace("\n", "")
        assert "Traceback" not in ended.err


def test_jobs_of_every_lane_are_listed(console: Console, queue: SceneQueue) -> None:
    """With their lane in the table."""
    for lane in Lane:
        submit(queue, f"{lane.value}-job", 1, lane=lane)
    rows = {words[0]: words[2] for line in console("jobs").out.splitlines() if len(words := line.split()) > 2}
    assert {f"{lane.value}-job": lane.value for lane in Lane}.items() <= rows.items()
