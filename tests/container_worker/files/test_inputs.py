"""Inputs of an item."""

from pathlib import Path

import pytest

from container_worker.codes import Code
from container_worker.files.inputs import Input, ending_of, fetch, naming_addresses
from scenequeue.errors import BadInput, ObjectNotFound, reason_for
from scenequeue.reasons import Reason
from scenequeue.settings import WorkerSettings
from scenequeue.storage import sha256_of
from scenequeue.storages.uri import UriStorage

_INPUTS = [
    Input("image", "s3://b/a.jpg", "image.jpg"),
    Input("audio", "s3://b/n.mp3", "audio.mp3", word="narration"),
    Input("scene 1", "s3://b/s.mp4", "00000.mp4"),
]


def _about(word: str | int | Reason) -> Reason:
    return Reason(Code.SOUND_MISSING, {"input": word})


@pytest.mark.parametrize(
    ("problem", "named"),
    [
        (_about("image"), "image: s3://b/a.jpg has no sound in it"),
        (_about("narration"), "audio: s3://b/n.mp3 has no sound in it"),
        (_about("audio"), "audio: s3://b/n.mp3 has no sound in it"),
        (_about("00000.mp4"), "scene 1: s3://b/s.mp4 has no sound in it"),
        (_about("watermark"), "watermark has no sound in it"),
        (_about(""), " has no sound in it"),
        (_about(5), "5 has no sound in it"),
        (_about(_about("image")), "image has no sound in it has no sound in it"),
        (Reason(Code.RENDERER_WITHOUT_RESULT), "the renderer ended without a result"),
        (reason_for("image is not a picture"), "image is not a picture"),
    ],
)
def test_what_is_said_of_an_input_names_its_address(problem: Reason, named: str) -> None:
    """By the renderer's word or the role; everything else stays as it is, whatever a renderer says."""
    with pytest.raises(BadInput) as caught, naming_addresses(_INPUTS):
        raise BadInput(problem)
    assert str(caught.value) == named
    assert caught.value.reason.code == problem.code


def test_an_input_that_cannot_be_fetched_keeps_the_code_of_its_storage(tmp_path: Path) -> None:
    """Dead letters are counted by it; the role is one more of its parameters, and stands before its words."""
    missing = (tmp_path / "a.jpg").as_uri()
    storage = UriStorage(WorkerSettings(file_roots=[tmp_path]))
    with pytest.raises(ObjectNotFound) as stored:
        storage.get(missing, tmp_path / "image.jpg")
    with pytest.raises(ObjectNotFound) as fetched:
        fetch([Input("image", missing, "image.jpg")], storage, tmp_path, lambda: None)
    assert fetched.value.reason == stored.value.reason.with_parameters(input="image")
    assert str(fetched.value) == f"image: {stored.value}"


@pytest.mark.parametrize(
    ("uri", "ending"),
    [
        ("s3://b/a.JPG", ".jpg"),
        ("https://x.org/a.png?b=.mp3", ".png"),
        ("file:///a%2Esrt", ".srt"),
        ("s3://b/a", ""),
        ("s3://b/a.b c", ""),
        ("s3://b/a.longending", ""),
    ],
)
def test_only_an_ordinary_ending_is_kept(uri: str, ending: str) -> None:
    """File names in the scratch folder are ours."""
    assert ending_of(uri) == ending


def test_a_file_that_the_jobs_own_items_have_written_may_be_larger(tmp_path: Path) -> None:
    """The limit of users' files does not hold for it, and its own does."""
    (tmp_path / "joined.mp4").write_bytes(b"x" * 200)
    storage, uri = UriStorage(WorkerSettings(file_roots=[tmp_path], max_input_bytes=100)), (tmp_path / "joined.mp4").as_uri()
    for limit in (None, 199):
        with pytest.raises(BadInput, match=str(limit or 100)):
            fetch([Input("joined", uri, "joined", max_bytes=limit)], storage, tmp_path, lambda: None)
    assert fetch([Input("joined", uri, "joined", max_bytes=200)], storage, tmp_path, lambda: None)["joined"].path.exists()


def test_an_input_that_has_changed_is_refused(tmp_path: Path) -> None:
    """Segments of two versions of a video would not fit together; the limit of videos is another than that of pictures."""
    (tmp_path / "a.mp4").write_bytes(b"new" * 100)
    storage = UriStorage(WorkerSettings.load(file_roots=[tmp_path], max_input_bytes=10, max_video_bytes=1000))
    uri = f"file://{tmp_path}/a.mp4"
    fetch([Input("source", uri, "a", version=sha256_of(tmp_path / "a.mp4"))], storage, tmp_path, lambda: None)
    with pytest.raises(BadInput, match=r"source: file://.*/a\.mp4 has changed since the job began"):
        fetch([Input("source", uri, "a", version="0" * 64)], storage, tmp_path, lambda: None)
    with pytest.raises(BadInput, match="at most 10 are allowed"):
        fetch([Input("source", uri, "a")], storage, tmp_path, lambda: None)
