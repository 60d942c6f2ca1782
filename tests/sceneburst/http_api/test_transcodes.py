"""A transcoding over HTTP is one job, and all its mistakes are told at once."""

from pathlib import Path

import pytest

from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.queue import SceneQueue
from tests.sceneburst.http_api.serving import Api, check_problem

_BODY = {"source": "s3://bucket/in/film.mov", "output": "s3://bucket/out"}


def test_a_transcoding_is_a_job_like_all_others(api: Api, queue: SceneQueue) -> None:
    """With its options, and under its id as often as it is sent."""
    body = {**_BODY, "renditions": ["720p"], "segment_s": 20, "options": {"preset": "fast"}, "job_id": "t1", "lane": "bulk"}
    for _ in range(2):
        answer = api.client.post("/v1/transcodes", json=body)
        assert answer.status_code == 202
        assert answer.headers["Location"] == "/v1/jobs/t1"
        assert (answer.json()["stages"], answer.json()["lane"]) == (4, "bulk")
    options = TranscodeOptions.of_job(queue.worker.options("t1"))
    assert (options.renditions, options.segment_s, options.preset) == (["720p"], 20.0, "fast")
    assert api.client.delete("/v1/jobs/t1").json()["state"] == "cancelled"


def test_every_mistake_of_a_transcoding_has_its_place(api: Api, queue: SceneQueue) -> None:
    """Those of its form, and those of its content."""
    body = {
        "source": "/etc/passwd", "output": "ftp://x", "codec": "copy", "crf": 20, "renditions": ["720p"], "options": {"crff": 1},
        "segment_s": 0, "colour": 1, "lane": "fast", "watermark": "/etc/logo.png",
    }  # fmt: skip
    problem = check_problem(api.client.post("/v1/transcodes", json=body), 422, "invalid")
    assert {entry["pointer"] for entry in problem["errors"]} == {
        *("#/source", "#/output", "#/crf", "#/renditions", "#/options/crff", "#/segment_s", "#/colour", "#/lane"),
        "#/watermark",
    }
    assert queue.inspect.jobs() == []


def test_a_built_in_profile_is_named_but_no_file(api: Api, queue: SceneQueue, tmp_path: Path) -> None:
    """A caller of the API reads no files of its machine."""
    assert api.client.post("/v1/transcodes", json={**_BODY, "profile": "phone", "crf": 30, "job_id": "t1"}).status_code == 202
    options = TranscodeOptions.of_job(queue.worker.options("t1"))
    assert (options.renditions, options.crf, options.audio_kbps) == (["480p", "360p"], 30, 96)
    (tmp_path / "mine.toml").write_text("crf = 3")
    for name in (str(tmp_path / "mine.toml"), "mine"):
        problem = check_problem(api.client.post("/v1/transcodes", json={**_BODY, "profile": name}), 422, "invalid")
        assert [(each["pointer"], each["detail"]) for each in problem["errors"]] == [
            ("#/profile", f"profile: must be 'web', 'archive' or 'phone', not '{name}'")
        ]


@pytest.mark.parametrize("body", [{}, {"source": None, "output": None}, {"source": 7, "output": []}])
def test_a_transcoding_needs_a_source_and_an_output(api: Api, body: dict[str, object]) -> None:
    """Each is named."""
    problem = check_problem(api.client.post("/v1/transcodes", json=body), 422, "invalid")
    assert {entry["pointer"] for entry in problem["errors"]} == {"#/source", "#/output"}


def test_the_description_has_every_field_of_a_transcoding(api: Api) -> None:
    """With the options that it refers to."""
    document = api.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert {"source", "renditions", "segment_s"} <= schemas["TranscodeSubmission"]["properties"].keys()
    assert schemas["TranscodeOptions"]["properties"].keys() == TranscodeOptions.model_fields.keys()
    assert "/v1/transcodes" in document["paths"]
