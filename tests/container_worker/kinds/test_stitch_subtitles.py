"""A film whose scenes' sidecars somebody else has written: it is made, or refused with a reason that names the sidecar."""

from collections.abc import Callable
from pathlib import Path

import pytest

from container_worker.media.film.captions import MAX_SIDECAR_BYTES
from scenequeue.errors import BadInput, ItemError, ObjectNotFound, StorageDenied
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
from tests.container_worker.kinds.films import OPTIONS, Run, scenes
from tests.support.media import Media

WITH_SIDECARS = OPTIONS.overridden({"webvtt": True, "subtitle_mode": "off"})

#: Adds a scene of this name that was delivered with this sidecar; returns the addresses of both.
Add = Callable[[str, bytes], tuple[str, str]]


@pytest.fixture
def add(run: Run, media: Media, tmp_path: Path) -> Add:
    """Adds scenes to those in the storage."""

    def add_scene(name: str, sidecar: bytes) -> tuple[str, str]:
        scenes(run, media, [1.2], WITH_SIDECARS)
        scene, beside = (tmp_path / "out" / f"{name}{ending}" for ending in (".mp4", ".vtt"))
        beside.write_bytes(sidecar)
        storage = UriStorage(WorkerSettings.load(file_roots=[tmp_path]))
        storage.put(tmp_path / "out" / "scene0.mp4", scene.as_uri(), content_type="video/mp4", metadata={"beside": ".vtt"})
        return scene.as_uri(), beside.as_uri()

    return add_scene


def test_what_is_odd_in_a_sidecar_is_a_warning_of_the_film(run: Run, add: Add, tmp_path: Path) -> None:
    """A cue outside of its scene; all others are in the film, whichever encoding they are in."""
    kept = "00:00:00.200 --> 00:00:00.800\nVoilà, c'était déjà la fin de l'été, et nous étions fatigués.\n"
    source, _ = add("a", f"WEBVTT\n\n{kept}\n00:00:09.000 --> 00:00:10.000\nlate\n".encode("cp1252"))
    result = run("stitch", "film", {"sources": [source]}, WITH_SIDECARS.overridden({"language": "fr"}))
    assert (tmp_path / "out" / "film.vtt").read_text(encoding="utf-8") == f"WEBVTT\n\n{kept}"
    assert {warning.code for warning in result.warnings} == {"cues_after_end"}


@pytest.mark.parametrize(
    ("sidecar", "problem"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not an SRT, WebVTT"),
        (b"WEBVTT" + bytes(MAX_SIDECAR_BYTES), "has 67108870 bytes"),
    ],
    ids=["png", "huge"],
)  # fmt: skip
def test_a_sidecar_that_cannot_be_used_is_named_by_its_scene(
    run: Run, add: Add, tmp_path: Path, sidecar: bytes, problem: str
) -> None:
    """For good, and before anything is encoded; the scenes are still there."""
    source, address = add("a", sidecar)
    with pytest.raises(BadInput) as caught:
        run("stitch", "film", {"sources": [source]}, WITH_SIDECARS)
    assert str(caught.value).startswith(f"subtitles of scene 1: {address} {problem}")
    assert (tmp_path / "out" / "a.mp4").exists()
    assert not (tmp_path / "out" / "film.mp4").exists()


def test_a_sidecar_is_found_beside_a_scene_of_any_name(run: Run, add: Add, tmp_path: Path) -> None:
    """The name is never one in the scratch folder, nor a word for ffmpeg."""
    sidecar = b"WEBVTT\n\n00:00:00.200 --> 00:00:00.800\nkept\n"
    names = ["-y", "..", "a\nb 100% é'\"$(x)\\\u202e.mp4"]
    run("stitch", "film", {"sources": [add(name, sidecar)[0] for name in names]}, WITH_SIDECARS)
    assert (tmp_path / "out" / "film.vtt").read_text().count("kept") == len(names)


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _replace_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize(
    ("replace", "error"),
    [(Path.unlink, ObjectNotFound), (_replace_by_folder, ItemError), (_replace_by_link, StorageDenied)],
    ids=["gone", "folder", "link"],
)
def test_a_sidecar_that_is_no_file_is_named_by_its_scene(
    run: Run, add: Add, tmp_path: Path, replace: Callable[[Path], None], error: type[ItemError]
) -> None:
    """Nothing outside of the storage is read."""
    source, _ = add("a", b"WEBVTT")
    replace(tmp_path / "out" / "a.vtt")
    with pytest.raises(error, match="subtitles of scene 1"):
        run("stitch", "film", {"sources": [source]}, WITH_SIDECARS)
