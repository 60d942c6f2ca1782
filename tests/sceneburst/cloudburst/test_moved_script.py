"""The replaced system's own calls, against a real dispatcher, its process fleet and a real Redis."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.media import Media
from tests.support.up import running_up


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Output of the script, run in a folder with its pictures and narrations."""
    folder = tmp_path_factory.mktemp("moved")
    for name in ("images", "audio"):
        (folder / name).mkdir()
    media = Media(folder)
    for number in range(1, 5):
        media.image(f"images/scene_{number}.png", 320, 180)
        media.tone(f"audio/scene_{number}.mp3", 0.4)
    media.image("logo.png", 64, 64)
    environment = {name: value for name, value in os.environ.items() if name != "RESULTS_DIR"}
    with running_up(folder) as told:
        script = Path(__file__).with_name("moved_script.py")
        ended = subprocess.run(
            [sys.executable, script], cwd=folder, env={**environment, **told}, capture_output=True, text=True,
            timeout=150, check=False,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, Any] = json.loads(ended.stdout)
    return {**answer, "folder": folder}


def test_every_scene_of_every_call_became_a_video(said: dict[str, Any]) -> None:
    """The script finds each video at the place that its call returned."""
    for call, count in (("plain", 1), ("full", 4), ("sized", 2), ("batch", 4)):
        report = said[call]
        assert (report["success"], report["successful_scenes"], report["failed_scenes"]) == (True, count, 0), call
        names = [f"scene_{number}" for number in range(1, count + 1)]
        assert [row["scene_name"] for row in report["batch_results"]] == names
        for row in report["batch_results"]:
            assert Path(row["local_file"]).stat().st_size == row["file_size"] > 0
            assert Path(row["local_file"]).parent == Path(report["output_directory"])
    assert Path(said["full"]["output_directory"]) == said["folder"] / "videos"
    assert Path(said["plain"]["output_directory"]).is_dir()


def test_what_scripts_print_is_there(said: dict[str, Any]) -> None:
    """Also what the replaced system's examples read and never got."""
    full = said["full"]
    assert full["total_cost_usd"] > 0
    assert 1 <= full["tasks_used"] <= 2
    assert {file["batch_id"] for file in full["downloaded_files"]} <= {1, 2}
    assert all(seconds > 0 for seconds in said["seconds"])
    assert set(said["tasks"]) <= {"PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING"}
    assert said["distribution"]["batch_distribution"] == [10] * 5
