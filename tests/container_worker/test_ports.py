"""The parts of the queue that the worker uses."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2] / "container_worker"
_OTHERS = re.compile(r"queue\.(dispatcher|producer|operator)\b")


def test_the_worker_calls_no_port_of_another_program() -> None:
    """Its Redis user may not do what those do."""
    assert [str(file) for file in _ROOT.rglob("*.py") if _OTHERS.search(file.read_text())] == []
