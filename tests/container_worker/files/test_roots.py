"""A container that may not use what the dispatcher promises leaves, and harms no item."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from container_worker.exit_codes import Exit
from container_worker.files.roots import advice, missing_roots
from producer.client import Producer
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code
from scenequeue.settings import ProducerSettings


def test_a_worker_by_hand_without_the_dispatchers_roots_eats_no_scene(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path, start_worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """It hands the scene back with no attempt counted, and leaves, naming its own variable and the value."""
    media = tmp_path / "media"
    media.mkdir()
    for name in ("a.png", "a.mp3"):
        (media / name).write_bytes(b"x")
    queue.dispatcher.publish_plan(json.dumps({"why": "", "fleet": "process", "file_roots": [str(media)]}))
    with Producer(settings=ProducerSettings.load(redis_url=redis_url, namespace=namespace)) as producer:
        scene = {"name": "a", "image": str(media / "a.png"), "audio": str(media / "a.mp3")}
        job = producer.submit_scenes([scene], output=media / "out", max_attempts=1)
        worker = start_worker("bare", file_roots="[]")
        assert worker.wait(60) == Exit.MISCONFIGURED
        counts = job.status().counts
        assert (counts.ready, counts.dead, counts.delayed) == (1, 0, 0)
    (record,) = queue.inspect.containers()
    assert record.code == Code.CONTAINER_BROKEN
    assert f"""SCENEBURST_FILE_ROOTS='["{media}"]'""" in record.exit_reason


def test_only_a_root_that_is_promised_and_not_ours_is_missing(tmp_path: Path) -> None:
    """Links are followed: one that leads out of a root that both have is the item's fault."""
    shared, other = tmp_path / "shared", tmp_path / "other"
    for folder in (shared, other):
        folder.mkdir()
    (shared / "out").symlink_to("/etc")
    plan = {"file_roots": [str(shared), str(other)]}

    def missing(*names: str) -> list[Path]:
        payload = {"image": f"file://{tmp_path / names[0]}", "clips": [{"at": f"file://{tmp_path / name}"} for name in names]}
        return missing_roots(payload, [shared], plan)

    assert missing("shared/a.png") == []
    assert missing("shared/out/passwd") == []
    assert missing("elsewhere/a.png") == []
    assert missing("shared/a.png", "other/b.png", "other/c.png") == [other]
    assert missing_roots({"image": f"file://{other}/b.png"}, [shared], None) == []
    assert advice([shared], [other]).text.endswith(f"""SCENEBURST_FILE_ROOTS='["{shared}", "{other}"]'""")
