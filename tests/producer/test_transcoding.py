"""A transcoding is checked as a whole, and enqueued as one probe with three stages that it brings."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from producer import Producer
from producer.requests.transcode import FurtherOptions, stem_of
from scenequeue.errors import InvalidScenes, JobConflict
from scenequeue.jobs.artifact import Artifact
from scenequeue.jobs.ids import check_name
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.result import ItemResult
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A local file; nothing reads it here."""
    path = tmp_path / "My film (1).mov"
    path.write_bytes(b"film")
    return path


def test_a_transcoding_is_one_probe_and_three_stages_that_come_later(producer: Producer, queue: SceneQueue, film: Path) -> None:
    """The probe knows the source, the names of the outputs, and the job's working folder."""
    job = producer.submit_transcode(film, output="s3://bucket/out/", renditions=["360p"], job_id="t1", segment_s=20)
    status = job.status()
    assert (status.stages, status.counts.ready) == (4, 1)
    (lease,) = queue.worker.lease("c", 1, serves=["probe/1"])
    assert lease.item.name == "probe"
    assert lease.item.payload == {
        "source": film.as_uri(), "output": "s3://bucket/out", "stem": "My film _1_", "work": "s3://bucket/out/.sceneburst/t1/0",
    }  # fmt: skip
    options = TranscodeOptions.of_job(queue.worker.options("t1"))
    assert (options.renditions, options.segment_s, options.codec) == (["360p"], 20.0, "h264")


def test_the_same_transcoding_under_the_same_id_is_the_same_job(producer: Producer, film: Path) -> None:
    """Another one is a conflict; without an id each is a job of its own."""
    first = producer.submit_transcode(film, output="s3://bucket/out", job_id="t1")
    assert producer.submit_transcode(film, output="s3://bucket/out", job_id="t1").job_id == first.job_id
    with pytest.raises(JobConflict):
        producer.submit_transcode(film, output="s3://bucket/out", job_id="t1", crf=30)
    with pytest.raises(JobConflict):
        producer.submit_transcode(film, output="s3://bucket/out", job_id="t1", options={"watermark": "s3://b/logo.png"})
    ids = {producer.submit_transcode(film, output="s3://bucket/out").job_id for _ in range(2)}
    assert len(ids) == 2


def test_a_local_source_is_uploaded_where_inputs_are(
    redis_url: str, namespace: str, queue: SceneQueue, film: Path, tmp_path: Path
) -> None:
    """Under the hash of its content, and the watermark too; the outputs keep its name."""
    (tmp_path / "logo.png").write_bytes(b"logo")
    inputs = (tmp_path / "inputs").as_uri()
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, inputs=inputs, file_roots=[tmp_path])
    with Producer(settings=settings) as producer:
        producer.submit_transcode(film, output=tmp_path / "out", options={"watermark": tmp_path / "logo.png"})
        (lease,) = queue.worker.lease("c", 1, serves=["probe/1"])
        queue.producer.cancel(lease.job_id)
    assert lease.item.payload["source"].startswith(f"{inputs}/")
    assert lease.item.payload["stem"] == "My film _1_"
    assert lease.item.payload["options"]["watermark"].startswith(f"{inputs}/")
    assert lease.item.payload["options"]["watermark"].endswith(".png")


def test_every_option_is_an_argument_too(producer: Producer, queue: SceneQueue) -> None:
    """One that is given as an argument overrides the same in `options`."""
    more: FurtherOptions = {
        "watermark": "s3://b/logo.png", "watermark_style": {"corner": "top_left"}, "tone_map": True, "poster": True,
        "sprites": True, "webvtt": True, "target_vmaf": 90, "preset": "fast", "tune": "film", "codec_profile": "high",
        "level": "4.1", "pix_fmt": "yuv420p", "audio_kbps": 96,
    }  # fmt: skip
    assert FurtherOptions.__annotations__.keys() == more.keys()
    arguments = inspect.signature(Producer.submit_transcode).parameters.keys()
    assert TranscodeOptions.model_fields.keys() <= arguments | more.keys()
    producer.submit_transcode("s3://b/film.mp4", output="s3://b/out", options={"preset": "slow", "hls": True}, **more)
    (lease,) = queue.worker.lease("c", 1, serves=["probe/1"])
    made = lease.item.payload["options"]
    assert made["watermark"] == "s3://b/logo.png"
    job = queue.inspect.job(lease.job_id).options_by_kind["transcode"]
    assert (job["preset"], job["hls"], job["poster"], job["watermark_style"]["corner"]) == ("fast", True, True, "top_left")


def test_an_unknown_argument_is_a_mistake_like_an_unknown_option(producer: Producer) -> None:
    """With the nearest one that is known."""
    wrong: Any = {"postre": True}
    with pytest.raises(InvalidScenes, match="unknown option 'postre', did you mean 'poster'"):
        producer.submit_transcode("s3://b/film.mp4", output="s3://b/out", **wrong)


def test_all_mistakes_of_a_transcoding_are_told_at_once(producer: Producer, queue: SceneQueue) -> None:
    """Those of the source, the output, the options and the job."""
    wrong: Any = ["721p"]
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_transcode(
            "/no/film.mp4", output="ftp://x", renditions=wrong, options={"crff": 3, "watermark": "/no/logo.png"}, job_id="a/b"
        )
    places = {mistake.place for mistake in caught.value.mistakes}
    assert places == {("source",), ("output",), ("renditions", 0), ("options", "crff"), ("options", "watermark"), ("job_id",)}
    assert "there is no file /no/film.mp4" in str(caught.value)
    assert "there is no file /no/logo.png" in str(caught.value)
    assert "did you mean 'crf'?" in str(caught.value)
    assert queue.inspect.depth().counts.total == 0


@pytest.mark.parametrize(
    ("given", "place", "line"),
    [
        ({"codec": "copy", "renditions": ["720p"]}, ("renditions",), "renditions: a picture that is copied keeps its size"),
        ({"codec": "copy", "crf": 20}, ("crf",), "crf: a picture that is copied is not encoded"),
        ({"codec": "copy", "crf": 0}, ("crf",), "crf: a picture that is copied is not encoded"),
        ({"codec": "copy", "options": {"tone_map": True}}, ("options", "tone_map"), "tone_map: a picture that is copied"),
        ({"codec": "copy", "options": {"watermark": "s3://b/a.png"}}, ("options", "watermark"), "a picture that is copied"),
        ({"options": {"watermark": "ftp://h/a.png"}}, ("options", "watermark"), "options.watermark: 'ftp://h/a.png' is neither"),
        ({"options": {"watermark_style": {"corner": "top"}}}, ("options", "watermark_style", "corner"), "watermark_style.corner"),
        ({"codec": "h264", "container": "webm"}, ("codec",), "codec: webm cannot hold h264; it holds av1"),
        ({"codec": "h265", "container": "flv"}, ("codec",), "codec: flv cannot hold h265; it holds h264"),
        ({"audio": "aac", "container": "webm"}, ("audio",), "audio: webm cannot hold aac; it holds opus"),
        ({"crf": 0}, ("crf",), "crf: must be 1 to 51 with codec h264, not 0"),
        ({"crf": 64}, ("crf",), "crf: must be 63 or less, not 64"),
        ({"options": {"codec": "av1", "preset": "fast"}}, ("options", "preset"), "codec av1 has no preset 'fast'"),
        (
            {"crf": 20, "options": {"target_vmaf": 93}},
            ("options", "target_vmaf"),
            "chosen for this quality; give either this or crf",
        ),
        ({"options": {"codec": "copy", "target_vmaf": 93}}, ("options", "target_vmaf"), "a picture that is copied"),
        ({"options": {"target_vmaf": 99.5}}, ("options", "target_vmaf"), "must be 99 or less"),
        ({"options": {"tune": "vq"}}, ("options", "tune"), "tune: h264 has no 'vq'; it has film, animation"),
        ({"options": {"codec_profile": "main10"}}, ("options", "codec_profile"), "h264 has no 'main10'; it has baseline, main"),
        ({"codec": "h265", "options": {"level": "1.1"}}, ("options", "level"), "h265 has no '1.1'; it has 1, 2, 2.1"),
        ({"codec": "av1", "options": {"pix_fmt": "yuv422p"}}, ("options", "pix_fmt"), "av1 has no 'yuv422p'; it has yuv420p, "),
        (
            {"options": {"codec_profile": "high", "pix_fmt": "yuv420p10le"}},
            ("options", "pix_fmt"),
            "h264 high has no 'yuv420p10le'",
        ),
        ({"codec": "copy", "options": {"level": "4.0"}}, ("options", "level"), "options.level: a picture that is copied"),
        ({"codec": "source", "options": {"tune": "x"}}, ("options", "tune"), "h264 has no 'x'"),
        (
            {"codec": "source", "container": "webm", "options": {"preset": "fast"}},
            ("options", "preset"),
            "codec av1 has no preset",
        ),
        ({"options": {"codec": "copy", "crf": 3}}, ("options", "crf"), "options.crf: a picture that is copied"),
        ({"options": 7}, ("options",), "7 is not options"),
        ({"segment_s": 0.5}, ("segment_s",), "segment_s: must be 1 or more, not 0.5"),
        ({"source": 7}, ("source",), "source: '7' is neither a path nor an address"),
        ({"source": "ftp://host/a.mp4"}, ("source",), "source: 'ftp://host/a.mp4' is neither a local path nor"),
    ],
)
def test_options_that_do_not_fit_are_told_at_submission(
    producer: Producer, given: dict[str, Any], place: tuple[str, ...], line: str
) -> None:
    """Each is one mistake, where the caller wrote it."""
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_transcode(**{"source": "s3://bucket/film.mp4", "output": "s3://bucket/out", **given})
    assert [mistake.place for mistake in caught.value.mistakes] == [place]
    assert line in str(caught.value).replace("a number is not", "7 is not")


def test_what_one_codec_has_is_good_for_the_sources(producer: Producer) -> None:
    """The probe refuses it, if the source has another."""
    options = {"preset": "8", "crf": 60, "codec_profile": "main10"}
    producer.submit_transcode("s3://b/film.mp4", output="s3://b/out", codec="source", options=options)


def test_arguments_override_options_and_webm_gets_a_codec_that_it_holds(producer: Producer, queue: SceneQueue) -> None:
    """The container decides if no codec is named."""
    given = TranscodeOptions(crf=30, preset="8")
    job = producer.submit_transcode("s3://b/film.mp4", output="s3://b/out", options=given, container="webm", crf=31)
    options = TranscodeOptions.of_job(queue.worker.options(job.job_id))
    assert (options.codec, options.crf, options.preset, options.container) == ("av1", 31, "8", "webm")


@pytest.mark.parametrize(
    ("place", "stem"),
    [
        ("/a/b/film.mp4", "film"),
        ("film.final.MOV", "film.final"),
        ("s3://bucket/in/%41.mkv", "_41"),
        ("https://host/a%20film.mp4?sign=a/b.c", "a film"),
        ("/a/.hidden.mp4", "hidden"),
        ("/a/a..b.mp4", "a.b"),
        ("/a/<<>>", "_"),
        ("/a/---.mp4", "video"),
        ("/a/" + "字" * 200 + ".mp4", "字" * 60),
        ("s3://bucket/x/", "x"),
    ],
)
def test_outputs_are_named_like_the_source_as_far_as_a_file_can_be(place: str, stem: str) -> None:
    """Every name is valid, with the longest name of a rendition too."""
    assert stem_of(place) == stem
    check_name(f"{stem_of(place)}-source")


def test_only_the_finished_videos_of_a_transcoding_are_downloaded(
    producer: Producer, queue: SceneQueue, film: Path, tmp_path: Path
) -> None:
    """Under their own names: neither its working files nor its report."""
    job = producer.submit_transcode(film, output=tmp_path / "out", job_id="t1")
    (lease,) = queue.worker.lease("c", 1, serves=["probe/1"])
    brought = [WorkItem(kind="encode", name="segment 0"), WorkItem(kind="encode", name="verify")]
    plan = _made(lease, {"plan.json": "report"}, tmp_path / "out/.sceneburst/t1/0")
    queue.worker.ack("c", [(lease, plan)], {lease.token: queue.worker.grow("c", lease, brought)})
    for lease in queue.worker.lease("c", 2, serves=["encode/1"]):
        if lease.item.name == "verify":
            files = {"film-360p.mp4": "video", "film-720p.mp4": "video", "film-report.json": "report"}
            made = _made(lease, files, tmp_path / "out", renditions=[])
        else:
            made = _made(lease, {"00000-360p.nut": "segment", "x.mp4": "video"}, tmp_path / "out/.sceneburst/t1/0")
        queue.worker.ack("c", [(lease, made)])
    assert [result.name for result in job.results()] == ["probe", "segment 0", "verify"]
    assert [path.name for path in job.download(tmp_path / "in")] == ["film-360p.mp4", "film-720p.mp4"]
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["film-360p.mp4", "film-720p.mp4"]


@pytest.mark.parametrize(("folder", "expected"), [("film-hls", "film-hls/film.m3u8"), ("..", None)])
def test_a_ladder_is_downloaded_into_a_folder_of_its_own(
    producer: Producer, queue: SceneQueue, film: Path, tmp_path: Path, folder: str, expected: str | None
) -> None:
    """Its files keep their places beside one another; a folder that is none is refused."""
    job = producer.submit_transcode(film, output=tmp_path / "out", job_id="t1", hls=True)
    (lease,) = queue.worker.lease("c", 1, serves=["probe/1"])
    assert TranscodeOptions.of_job(queue.worker.options(job.job_id)).hls
    files = {f"{folder}/film.m3u8": "playlist", f"{folder}/360p.m3u8": "playlist", f"{folder}/360p.mp4": "segment"}
    made = _made(lease, {**files, "film-360p.mp4": "video"}, tmp_path / "out", renditions=[])
    address = f"file://{tmp_path}/out/{folder}/film.m3u8"
    queue.worker.ack("c", [(lease, made.model_copy(update={"details": {**made.details, "hls": address}}))])
    found = [str(each.path.relative_to(tmp_path / "in")) for each in job.deliver(tmp_path / "in") if each.path]
    assert found == ([expected, "film-hls/360p.m3u8", "film-hls/360p.mp4", "film-360p.mp4"] if expected else ["film-360p.mp4"])
    assert {each.name for each in (tmp_path / "in").iterdir()} == {name.partition("/")[0] for name in found}


def _made(lease: Lease, files: dict[str, str], folder: Path, **details: Any) -> ItemResult:
    """Write the files of an item, and return its result."""
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = []
    for name, role in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
        artifacts.append(Artifact(address=f"file://{folder}/{name}", bytes=len(name), media_type="x/y", role=role))
    return ItemResult(
        item_id=lease.item_id, name=lease.item.name, state="done", output=artifacts[0].address, artifacts=artifacts,
        details=details,
    )  # fmt: skip
