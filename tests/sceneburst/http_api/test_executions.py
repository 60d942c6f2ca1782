"""The interface of the transcoder that is replaced: its requests keep their names, and get the meaning that they promise."""

from typing import Any

import pytest

from container_worker.codes import Code
from scenequeue.jobs.artifact import Artifact
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.result import ItemResult
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from tests.sceneburst.http_api.serving import Api, check_problem

_BODY = {"bucket": "bucket", "key": "in/my film.mov"}


def _start(api: Api, **options: Any) -> dict[str, Any]:
    answer = api.client.post("/transcode", json={**_BODY, "options": options})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Location"] == f"/transcode/{answer.json()['executionArn']}"
    started: dict[str, Any] = answer.json()
    return started


@pytest.mark.parametrize(
    ("options", "meaning"),
    [
        ({}, {"codec": "copy"}),
        ({"resolution": "ORIGINAL", "bitrate": "ORIGINAL", "codec": "ORIGINAL"}, {"codec": "copy"}),
        ({"resolution": "720"}, {"codec": "source", "renditions": ["720p"]}),
        ({"resolution": 360, "bitrate": "500k"}, {"codec": "source", "renditions": ["360p"], "max_kbps": 500}),
        ({"bitrate": "2M", "codec": "h265"}, {"codec": "h265", "max_kbps": 2000}),
        (
            {"codec": "h264", "segment_time": 30, "aws_region": "cn-north-1", "create_hls": True},
            {"codec": "h264", "segment_s": 30, "hls": True},
        ),
        ({"manualOptions": {"crf": 20}}, {"codec": "source", "crf": 20}),
        (
            {"codec": "h264", "manualOptions": "-preset fast -profile:v high -level 4.1 -crf 20 -tune film -pix_fmt yuv420p"},
            {
                "codec": "h264", "preset": "fast", "codec_profile": "high", "level": "4.1", "crf": 20, "tune": "film",
                "pix_fmt": "yuv420p",
            },
        ),
        ({"manualOptions": ""}, {"codec": "copy"}),
        ({"codec": "av1", "bitrate": None, "segment_time": "30", "create_hls": 0}, {"codec": "av1", "segment_s": 30}),
    ],
)  # fmt: skip
def test_every_option_has_its_meaning(api: Api, queue: SceneQueue, options: dict[str, Any], meaning: dict[str, Any]) -> None:
    """Sound is kept with every codec, a rate is a cap, and ORIGINAL is what the source has."""
    execution = _start(api, **options)["executionArn"]
    made = TranscodeOptions.of_job(queue.worker.options(execution))
    wanted = TranscodeOptions(**meaning)
    assert made == wanted
    assert (made.audio, made.container) == ("copy", "mp4")
    (lease,) = queue.worker.lease("c", 1, serves=["probe/1"])
    assert (lease.item.payload["source"], lease.item.payload["stem"]) == ("s3://bucket/in/my film.mov", "my film")
    assert lease.item.payload["output"] == f"s3://bucket/outputs/{execution}"
    assert api.client.get(f"/v1/jobs/{execution}").json()["labels"] == {"input": "s3://bucket/in/my film.mov"}


@pytest.mark.parametrize(
    ("options", "place", "detail"),
    [
        ({"resolution": "700"}, "resolution", "must be '240p'"),
        ({"bitrate": "fast"}, "bitrate", "500k, 2M and ORIGINAL are possible"),
        ({"bitrate": 500}, "bitrate", "500k, 2M and ORIGINAL are possible"),
        ({"bitrate": "1k"}, "bitrate", "options.bitrate: must be 50 or more"),
        ({"codec": "vp9"}, "codec", "must be 'h264'"),
        ({"segment_time": 0}, "segment_time", "must be 1 or more"),
        ({"create_hls": "yes"}, "create_hls", "must be true or false"),
        ({"aws_region": "mars"}, "aws_region", ""),
        ({"threads": 3}, "threads", "unknown option"),
        ({"manualOptions": {"threads": 3}}, "manualOptions/threads", "unknown option"),
        ({"manualOptions": "-c:v libx264 -crf 20"}, "manualOptions/c:v", "unknown option"),
        ({"manualOptions": "-crf 20; rm -rf /"}, "manualOptions", "each needs a name with a dash and a value"),
        ({"manualOptions": "-crf"}, "manualOptions", "each needs a name with a dash and a value"),
        ({"manualOptions": "-crf '20"}, "manualOptions", "each needs a name with a dash and a value"),
        ({"manualOptions": {"crf": "20"}}, "manualOptions/crf", "must be a whole number"),
        ({"codec": "h264", "manualOptions": {"profile": "main10"}}, "manualOptions/profile", "h264 has no 'main10'"),
        ({"codec": "h264", "manualOptions": "-crf 60"}, "manualOptions/crf", "options.manualOptions.crf: must be 1 to 51"),
    ],
)
def test_every_mistake_has_its_place(api: Api, queue: SceneQueue, options: dict[str, Any], place: str, detail: str) -> None:
    """In the caller's own words; nothing is enqueued, and nothing reaches a command line."""
    problem = check_problem(api.client.post("/transcode", json={**_BODY, "options": options}), 422, "invalid")
    (error,) = problem["errors"]
    assert error["pointer"] == f"#/options/{place}"
    assert detail in error["detail"]
    assert queue.inspect.jobs() == []


def test_mistakes_are_told_all_at_once(api: Api) -> None:
    """Beside those of the options."""
    body = {"bucket": "Not A Bucket", "options": {"codec": "vp9"}, "output": "/etc", "job_id": "a/b", "more": 1}
    problem = check_problem(api.client.post("/transcode", json=body), 422, "invalid")
    pointers = {error["pointer"] for error in problem["errors"]}
    assert pointers == {"#/bucket", "#/key", "#/options/codec", "#/output", "#/job_id", "#/more"}


def test_an_execution_is_described_with_input_and_output(api: Api, queue: SceneQueue) -> None:
    """From its start to its end."""
    started = _start(api, resolution="720")
    execution = started["executionArn"]
    running = api.client.get(f"/transcode/{execution}").json()
    assert running == {
        "executionArn": execution, "startDate": started["startDate"], "status": "RUNNING", "stopDate": None,
        "input": {"bucket": "bucket", "key": "in/my film.mov"}, "output": None, "error": None, "cause": None,
    }  # fmt: skip
    for kind in ("encode", "join", "verify", None):
        (lease,) = queue.worker.lease("c", 1, serves=["probe/1", "encode/1", "join/1", "verify/1"])
        brought = [] if kind is None else [WorkItem(kind=kind, name=kind)]
        made = f"s3://bucket/outputs/{execution}/my film-720p.mp4"
        files = [Artifact(address=made, bytes=1, media_type="video/mp4", role="video")]
        result = _result(lease, output="s3://bucket/h/film.m3u8", artifacts=files, details={"hls": "s3://bucket/h/film.m3u8"})
        grown = {lease.token: queue.worker.grow("c", lease, brought)} if brought else {}
        queue.worker.ack("c", [(lease, result)], grown)
    done = api.client.get(f"/transcode/{execution}").json()
    assert (done["status"], done["output"]) == (
        "SUCCEEDED",
        {"output_bucket": "bucket", "output_key": f"outputs/{execution}/my film-720p.mp4", "create_hls": "h/film.m3u8"},
    )
    assert done["stopDate"] >= started["startDate"]


def test_an_execution_that_failed_or_was_cancelled_says_so(api: Api, queue: SceneQueue) -> None:
    """With the reason in words, and for programs."""
    execution = _start(api)["executionArn"]
    (lease,) = queue.worker.lease("c", 1, serves=["probe/1"])
    queue.worker.fail("c", lease, "BadInput", Reason(Code.SOURCE_IS_TEXT, {"input": "in/my film.mov"}), transient=False)
    failed = api.client.get(f"/transcode/{execution}").json()
    assert (failed["status"], failed["error"]) == ("FAILED", "source_is_text")
    assert failed["cause"] == "in/my film.mov is a text file, not a video"
    other = _start(api)["executionArn"]
    api.client.delete(f"/v1/jobs/{other}")
    assert api.client.get(f"/transcode/{other}").json()["status"] == "ABORTED"
    check_problem(api.client.get("/transcode/none"), 404, "job-not-found")


def test_the_same_execution_is_started_once(api: Api, queue: SceneQueue) -> None:
    """By its id; without a key nothing is started at all."""
    for options in ({}, None):
        assert api.client.post("/transcode", json={**_BODY, "job_id": "t1", "options": options}).json()["executionArn"] == "t1"
    assert len(queue.inspect.jobs()) == 1
    check_problem(api.client.post("/transcode", json=_BODY, headers={"Authorization": ""}), 401, "unauthorized")


def _result(lease: Lease, **more: Any) -> ItemResult:
    return ItemResult(item_id=lease.item_id, name=lease.item.name, state="done", **more)
