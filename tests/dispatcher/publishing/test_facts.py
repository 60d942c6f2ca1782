"""Facts of a tick: published and read again as they were."""

import json

from dispatcher.publishing.facts import facts_as_json
from scenequeue.jobs.ids import ContainerId
from scenequeue.published.facts import ContainerTrouble, Facts, SilentContainer, facts_of
from scenequeue.published.plan import plan_from
from tests.support.reasons import said


def test_facts_are_read_as_they_were_published() -> None:
    """Without secrets, and no more than a view can show."""
    trouble = ContainerTrouble("RESOURCE:FARGATE", said("no capacity"), "FARGATE eu", 4, 5, 6, 7, (ContainerId("c1"),))
    silent = SilentContainer(ContainerId("c2"), 8, 2)
    facts = Facts((trouble,), (trouble._replace(next_ms=None),), (trouble, trouble), (silent,), 60.0, 3.0, 9, True, 41.5, 10)
    for each in (facts, Facts()):
        assert facts_of(plan_from(json.dumps({"why": "x", "facts": facts_as_json(each)}))) == each
    many = facts._replace(refused=(trouble,) * 500, silent=(silent,) * 500)
    assert len(json.dumps(facts_as_json(many))) < 20_000
    hidden = trouble._replace(problem=said("https://user:hunter2@example.org/x"))
    assert "hunter2" not in json.dumps(facts_as_json(Facts((hidden,))))
