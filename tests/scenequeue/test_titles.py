"""Titles that no file and no frame could carry are refused where they come in, and again where they are used."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from producer.requests.film import film_from
from producer.requests.scenes import scene_from
from scenequeue.jobs.film import Film
from scenequeue.jobs.kinds.render import RenderPayload
from scenequeue.jobs.kinds.stitch import StitchPayload
from scenequeue.jobs.scene import Scene

FORMS: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (Scene, {"name": "a", "image": "a.jpg", "audio": "a.mp3"}),
    (RenderPayload, {"image": "s3://b/a.jpg", "audio": "s3://b/a.mp3", "output": "s3://b/a.mp4"}),
    (Film, {}),
    (StitchPayload, {"sources": ["s3://b/a.mp4"], "output": "s3://b/f.mp4"}),
]
BAD = {"NUL": "a\x00b", "newline": "a\nb", "escape": "\x1b[31m", "C1": "a\x9bb", "surrogate": "a\ud800b", "long": "x" * 140_000}


@pytest.mark.parametrize(("form", "fields"), FORMS)
@pytest.mark.parametrize("title", BAD.values(), ids=BAD)
def test_a_title_that_cannot_be_used_is_refused(form: type[BaseModel], fields: dict[str, Any], title: str) -> None:
    """By the scene, by the film, and by what a worker reads."""
    with pytest.raises(ValidationError, match="title"):
        form.model_validate({**fields, "title": title})


@pytest.mark.parametrize(("form", "fields"), FORMS)
@pytest.mark.parametrize("title", [None, "", "x" * 500, "標題 مرحبا 👨‍👩‍👧 'a':b;c {\\b1}", "\u202egnitset"])
def test_any_other_title_is_kept_as_it_is(form: type[BaseModel], fields: dict[str, Any], title: str | None) -> None:
    """It is only text."""
    assert form.model_validate({**fields, "title": title}).title == title  # type: ignore[attr-defined]


@pytest.mark.parametrize("title", BAD.values(), ids=BAD)
def test_a_producer_says_so_in_one_short_line(title: str) -> None:
    """Whatever the title is, the message can be printed, and does not repeat it."""
    for make in (
        lambda: scene_from({"name": "a", "image": "i", "audio": "a", "title": title}),
        lambda: film_from({"title": title}),
    ):
        with pytest.raises(ValueError, match=r"^title: ") as caught:
            make()
        (line,) = str(caught.value).splitlines()
        assert len(line.encode()) < 120
