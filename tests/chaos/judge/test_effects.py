"""The log events by which effects of faults are counted are those that the programs write."""

from pathlib import Path

import pytest

from chaos.judge import effects

_ROOT = Path(effects.__file__).parents[2]
_SOURCE = "".join(path.read_text("utf-8") for name in ("container_worker", "dispatcher") for path in (_ROOT / name).rglob("*.py"))
_EVENTS = (
    *effects.REDIS_GONE, effects.RESULT_REFUSED, effects.FAILURE_REFUSED, effects.LEASE_LOST, effects.CONTAINER_LEAVES,
    effects.TICK_SKIPPED, effects.LAUNCH_FAILED,
)  # fmt: skip


@pytest.mark.parametrize("event", _EVENTS)
def test_a_log_event_that_shows_an_effect_is_written_by_a_program(event: str) -> None:
    """A reworded event would leave the fault without an effect for ever."""
    assert f'"{event}"' in _SOURCE
