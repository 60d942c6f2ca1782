"""The class: sizes, prices, folders, containers on a real queue, and STS."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher.decisions.pricing import usd_per_hour
from sceneburst.cloudburst import FargateOperationV1
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.uri import UriStorage
from tests.producer.small_worker import working
from tests.support.aws import use_aws
from tests.support.media import Media
from tests.support.sts import ROLE, refuse_role, watch_sts


@pytest.fixture
def operation(redis_url: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> FargateOperationV1:
    """Of the smallest size, on the test's queue."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return FargateOperationV1(5, redis_url=redis_url, namespace=namespace)


def test_sizes_have_the_names_and_the_prices_of_today(operation: FargateOperationV1) -> None:
    """One list of prices for the whole of Sceneburst."""
    assert [(each["name"], each["cpu"], each["memory"]) for each in operation.task_configs] == [
        ("STANDARD_PROCESSING", "2048", "4096"),
        ("HIGH_PERFORMANCE", "4096", "8192"),
        ("ULTRA_PERFORMANCE", "8192", "16384"),
        ("MAXIMUM_PERFORMANCE", "16384", "32768"),
        ("ECONOMY", "1024", "2048"),
    ]
    assert operation.current_config["cost_per_hour"] == pytest.approx(usd_per_hour(1, 2048, "us-east-1"), abs=1e-6)


@pytest.mark.parametrize("priority", [0, 6, None, True, "2", 1.0])
def test_a_size_that_is_none_is_refused(priority: int) -> None:
    """It became the dearest."""
    with pytest.raises(ValueError, match=f"config_priority is {priority!r}"):
        FargateOperationV1(priority)


def test_a_cost_is_of_whole_seconds_and_one_minute_at_least(operation: FargateOperationV1) -> None:
    """As AWS bills."""
    hour = operation.calculate_fargate_cost(3600, 3)
    assert hour["fargate_config"] == "1vCPU/2GB"
    assert hour["cost_per_hour"] == hour["cost_per_task_usd"] == pytest.approx(0.04937, abs=1e-5)
    assert hour["total_cost_usd"] == pytest.approx(3 * hour["cost_per_task_usd"], abs=2e-6)
    parts = hour["cost_breakdown"]
    assert parts["vcpu_cost"] + parts["memory_cost"] == pytest.approx(hour["cost_per_task_usd"], abs=2e-6)
    assert operation.calculate_fargate_cost(1)["total_cost_usd"] == operation.calculate_fargate_cost(60)["total_cost_usd"]
    with pytest.raises(ValueError, match="runtime_seconds is -1; it must be a number, and cannot be negative"):
        operation.calculate_fargate_cost(-1)
    with pytest.raises(ValueError, match="task_count is 'two'; it must be a number"):
        operation.calculate_fargate_cost(60, "two")  # type: ignore[arg-type]


def test_a_folder_is_scanned_for_scenes(operation: FargateOperationV1, tmp_path: Path) -> None:
    """A picture without a narration is not lost silently."""
    with pytest.raises(ValueError, match="no folder"):
        operation.scan_scenes_from_folder(tmp_path)
    for name in ("images/scene_2.png", "images/scene_1.png", "images/scene_3.png", "images/cover.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("audio/scene_1.mp3", "audio/scene_2.mp3", "audio/scene_2.srt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match=r"scene_3\.png is left out"):
        scenes = operation.scan_scenes_from_folder(str(tmp_path))
    assert [(scene["scene_name"], scene["subtitle"]) for scene in scenes] == [
        ("scene_1", None),
        ("scene_2", str(tmp_path / "audio" / "scene_2.srt")),
    ]


def test_a_batch_is_rendered_and_accounted_for(
    operation: FargateOperationV1, queue: SceneQueue, media: Media, tmp_path: Path
) -> None:
    """With the keys that scripts read, those among them that the replaced system had only in its examples."""
    scene = {"scene_name": "s", "input_image": str(media.image()), "input_audio": str(media.tone("s.mp3", 0.2)), "subtitle": None}
    storage = UriStorage(SceneburstSettings.load(file_roots=[tmp_path]))
    with working(queue, storage, tmp_path / "work"):
        done = operation.execute_batch([scene], saving_dir=tmp_path / "out", timeout_s=90)
    assert (done["success"], done["downloaded_files"]) == (True, [str(tmp_path / "out" / "s.mp4")])
    assert (done["processing_time"], done["total_time"], done["total_duration"], done["download_count"]) == (2.0, 2.0, 2.0, 1)
    assert done["cost_usd"] == done["total_cost_usd"] > 0
    assert (done["download_dir"], done["fargate_config"]) == (str(tmp_path / "out"), "1vCPU/2GB")
    wishes = queue.inspect.job(done["job_id"]).wishes
    assert wishes is not None
    assert (wishes.config_priority, wishes.max_parallel_tasks, wishes.scenes_per_batch) == (5, 1, 1)


def test_containers_are_listed_and_drained(operation: FargateOperationV1, queue: SceneQueue) -> None:
    """All that have not ended; they finish what they have."""
    now_ms = queue.inspect.now_ms()
    record = ContainerRecord(container_id=ContainerId("c1"), started_ms=now_ms, beat_ms=now_ms)
    queue.worker.beat(record)
    (task,) = operation.list_running_tasks()
    assert (task["task_arn"], task["task_id"], task["status"], task["cpu"]) == ("c1", "c1", "RUNNING", None)
    assert (task["started_at"], task["public_ip"]) == (datetime.fromtimestamp(now_ms / 1000, UTC), None)
    done = operation.cleanup_all_tasks("Tests")
    assert (done["success"], done["terminated_count"], done["failed_count"]) == (True, 1, 0)
    assert done["message"].startswith("Tests: 1 container finishes")
    assert queue.worker.beat(record) is True


def test_an_account_is_asked_for_in_the_role(
    operation: FargateOperationV1, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the external id beside it."""
    use_aws(monkeypatch, s3_server)
    asked = watch_sts(monkeypatch)
    monkeypatch.setenv("AWS_EXTERNAL_ID", "secret-handshake")
    answer = operation.check_aws_account_validity()
    assert (answer["valid"], answer["account_id"]) == (True, "123456789012")
    assert "render" in answer["user_arn"]
    assert [(call["RoleArn"], call["ExternalId"]) for call in asked] == [(ROLE, "secret-handshake")]


def test_an_account_that_refuses_is_not_valid(
    operation: FargateOperationV1, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other credentials are taken in the role's place."""
    use_aws(monkeypatch, s3_server)
    refuse_role(monkeypatch)
    answer = operation.check_aws_account_validity()
    assert answer["valid"] is False
    assert ROLE in answer["message"]
