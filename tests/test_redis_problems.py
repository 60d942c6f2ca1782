"""Programs that warn, when they start, of a Redis that will lose work."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.redis_servers import BINARIES, server
from tests.support.waiting import wait_until


@pytest.mark.parametrize("program", ["dispatcher", "container_worker"])
def test_a_program_names_each_problem_of_its_redis_once(tmp_path: Path, program: str) -> None:
    """With what to set; and goes on."""
    options = ("--maxmemory-policy", "allkeys-lru", "--appendonly", "no")
    with server(str(BINARIES["path"] or BINARIES["6.2"]), *options) as made:
        environment = {
            **os.environ, "SCENEBURST_REDIS_URL": made.url, "SCENEBURST_STATE_DIR": str(tmp_path / "fleet"),
            "SCENEBURST_TICK_S": "0.2", "SCENEBURST_LOG_FORMAT": "json", "SCENEBURST_SCRATCH_DIR": str(tmp_path / "scratch"),
        }  # fmt: skip
        with (tmp_path / "said").open("wb") as said:
            running = subprocess.Popen([sys.executable, "-m", program], env=environment, stderr=said)
        try:
            key = "{sceneburst}:plan" if program == "dispatcher" else "{sceneburst}:containers"
            wait_until(lambda: made.admin.exists(key), "it is at work")
            lines = [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]
        finally:
            running.terminate()
            running.wait(60)
    _check_problems(lines)


def test_a_single_tick_names_the_problems_of_its_redis_too(tmp_path: Path) -> None:
    """An external scheduler may be the only one who runs the dispatcher."""
    with server(str(BINARIES["path"] or BINARIES["6.2"]), "--maxmemory-policy", "allkeys-lru", "--appendonly", "no") as made:
        environment = {
            **os.environ, "SCENEBURST_REDIS_URL": made.url, "SCENEBURST_STATE_DIR": str(tmp_path / "fleet"),
            "SCENEBURST_LOG_FORMAT": "json",
        }  # fmt: skip
        argv = [sys.executable, "-m", "sceneburst", "dispatcher", "--once"]
        ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=True)
    _check_problems([json.loads(line) for line in ended.stderr.splitlines()])


def _check_problems(lines: list[dict[str, str]]) -> None:
    problems = {line["problem"]: line["advice"] for line in lines if line["event"] == "redis problem"}
    assert list(problems) == ["eviction", "persistence"]
    assert "set maxmemory-policy noeviction" in problems["eviction"]
    assert {line["level"] for line in lines if line["event"] == "redis problem"} == {"warning"}
