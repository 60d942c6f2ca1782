"""An upgrade to a version with another structure of the queue, and the way back, under load and kills.

Version 3 is today's code that serves the structures 3 and 2: see tests/support/versions/.
"""

from pathlib import Path

import pytest

from scenequeue.jobs.job import JobState
from tests.chaos.program_versions import MAX_CONTAINERS, NEW, NEW_WITH_OLD_IMAGE, OLD, OLD_WITH_NEW_IMAGE, Version
from tests.chaos.two_versions import Programs

pytestmark = [pytest.mark.slow, pytest.mark.upgrade]
#: Of the choice whom to kill.
_SEED = 15


@pytest.mark.parametrize("halfway", [NEW_WITH_OLD_IMAGE, OLD_WITH_NEW_IMAGE], ids=["dispatcher first", "workers first"])
def test_an_upgrade_under_load_loses_nothing(tmp_path: Path, halfway: Version) -> None:
    """Dispatcher and workers in either order, producers last; containers, dispatchers and the producer are killed all along."""
    with Programs(tmp_path, _SEED) as programs:
        programs.upgrade_dispatcher(OLD)
        programs.start_producer("a", OLD)
        programs.goes_on()
        programs.upgrade_dispatcher(halfway)
        if halfway.image == NEW.image:
            programs.drain_containers()
        programs.goes_on()
        programs.upgrade_dispatcher(NEW)
        if halfway.image == OLD.image:
            programs.drain_containers()
        programs.goes_on()
        programs.upgrade_producer("a", NEW)
        programs.goes_on()
        programs.stop_producer("a")
        programs.judge()
        assert programs.redis.counts(2)["done"] > 0
        assert programs.redis.counts(3)["done"] > 0
        assert {record.structures for record in programs.launched()} == {"2", "3 2"}
        programs.judge_launches()


@pytest.mark.parametrize("is_drained", [True, False], ids=["drained", "not drained"])
def test_going_back_under_load_keeps_what_only_the_newer_version_sees(tmp_path: Path, is_drained: bool) -> None:
    """Producers first; what is left in structure 3 waits untouched beside the work of structure 2, and is done when upgraded."""
    with Programs(tmp_path, _SEED) as programs:
        programs.upgrade_dispatcher(NEW)
        programs.start_producer("new", NEW)
        programs.goes_on()
        programs.stop_producer("new")
        programs.start_producer("old", OLD)
        programs.goes_on()
        if is_drained:
            programs.wait_until_drained(3)
        else:
            programs.leave_work()
        programs.stop_all_but_producers()
        assert bool(programs.redis.waits(3)) != is_drained
        programs.queue.operator.resume()
        kept = programs.redis.kept(3)
        programs.upgrade_dispatcher(OLD)
        programs.goes_on()
        programs.stop_producer("old")
        programs.wait_until_drained(2)
        programs.comes_to_rest()
        assert programs.redis.kept(3) == kept
        programs.upgrade_dispatcher(NEW)
        programs.judge()
        programs.judge_launches()


def test_what_only_newer_containers_see_waits_without_launches_in_vain(tmp_path: Path) -> None:
    """Producers were upgraded first, by mistake: nobody launches again and again, and the job says what is missing."""
    with Programs(tmp_path, _SEED) as programs:
        programs.upgrade_dispatcher(OLD)
        programs.submit("early", 40, 0.02)
        programs.ticks()
        assert programs.launched() == []
        assert programs.why("early") == "older_dispatcher"
        programs.upgrade_dispatcher(NEW_WITH_OLD_IMAGE)
        programs.wait_until_launched()
        programs.comes_to_rest()
        assert len(programs.launched()) <= MAX_CONTAINERS
        assert programs.why("early") == "unserved_structure"
        assert programs.redis.counts(3)["ready"] == 40
        programs.upgrade_dispatcher(NEW)
        programs.judge()
        assert programs.queue.producer.status("early").state is JobState.DONE
