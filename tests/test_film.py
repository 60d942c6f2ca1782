"""A film from application code to S3 and back: the real producer, queue, worker program, renderer and S3 API."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from producer import Producer
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.conftest import S3
from tests.container_worker.conftest import start_worker
from tests.support.media import Media
from tests.support.prober import check, loudness_lufs

__all__ = ["start_worker"]


def test_a_job_becomes_a_film_with_music_subtitles_and_poster(
    queue: SceneQueue, redis_url: str, namespace: str, s3: S3, media: Media, start_worker: Callable[..., subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:  # fmt: skip
    """Music is uploaded with the rest; the film is made of the scenes in S3, delivered last, and found there again."""
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, inputs=f"{s3.uri}/inputs")
    scenes = [
        {
            "name": f"s{number}", "image": media.image(f"{number}.jpg"), "audio": media.tone(f"{number}.wav", 1.0 + number / 2),
            "subtitles": media.srt(f"{number}.srt", [(0.2, 0.8, f"Scene {number}, 世界")]), "title": f"Scene {number}",
            "options": {"title_card_s": 0.52} if number == 0 else {"motion": "pan_left"},
        }
        for number in range(3)
    ]  # fmt: skip
    look = {"resolution": "360p", "fps": 25, "normalize_loudness": True, "webvtt": True, "poster": True}
    film = {"name": "whole", "crossfade_s": 0.2, "music": media.tone("music.mp3", 0.5, 220), "title": "All of it"}
    start_worker("c1", slots=2, file_roots="[]")
    with Producer(settings=settings) as producer:
        handle = producer.submit_scenes(scenes, output=f"{s3.uri}/videos", options=look, film=film)
        assert handle.wait(90).state is JobState.DONE
        results = handle.results()
        assert [result.name for result in results] == ["s0", "s1", "s2", "whole"]
        assert results[-1].details["encoded_frames"] == 10
        handle.download(tmp_path / "in")
        frames = 38 + 38 + 50 - 10
        seen = check(tmp_path / "in" / "whole.mp4", frames=frames, fps=25, size=(640, 360))
        assert seen.title == "All of it"
        assert loudness_lufs(tmp_path / "in" / "whole.mp4") == pytest.approx(-16, abs=0.5)
        endings = {path.name for path in (tmp_path / "in").iterdir()}
        assert endings == {f"{name}.{ending}" for name in ("s0", "s1", "s2", "whole") for ending in ("mp4", "vtt", "jpg")}
        written = (tmp_path / "in" / "whole.vtt").read_text(encoding="utf-8")
        assert "00:00:00.720 --> 00:00:01.320\nScene 0, 世界" in written
        again = producer.submit_scenes(scenes, output=f"{s3.uri}/videos", options=look, film=film)
        again.wait(60)
        assert [result.details.get("reused") for result in again.results()] == [True] * 4
