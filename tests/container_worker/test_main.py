"""The worker program's start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from container_worker.exit_codes import Exit

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        (
            "SCENEBURST_CONTAINER_ID",
            "a job",
            "'a job' is not a usable container id: letters, digits, '.', '_' and '-' only, 1 to 128",
        ),
        ("SCENEBURST_SCRATCH_DIR", __file__, f"{__file__} cannot be written to (File exists)"),
    ],
)
def test_a_setting_that_no_container_can_start_with_is_named(setting: str, value: str, says: str) -> None:
    """It ends as misconfigured before it asks for an item."""
    environment = {**os.environ, "SCENEBURST_REDIS_URL": "redis://127.0.0.1:1/0", setting: value}
    ran = subprocess.run(
        [sys.executable, "-m", "container_worker"], cwd=_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (Exit.MISCONFIGURED, f"sceneburst worker: {setting}: {says}")
