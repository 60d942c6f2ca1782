"""`sceneburst cost` and `api-key`: sentences for people, and what is no longer known."""

import json

import pytest

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from tests.sceneburst.commands.conftest import JOB
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import done, submit


@pytest.mark.usefixtures("worked")
def test_the_bill_of_a_job_and_of_the_day_are_sentences(console: Console) -> None:
    """With the number of containers, the price of a scene, and what runs now."""
    of_job = console("cost", JOB).out
    assert of_job.startswith("about $")
    assert "for 1 container, $" in of_job
    of_day = console("cost").out
    assert "for 1 container of the last day" in of_day
    assert "1 of them runs, at $" in of_day


@pytest.mark.usefixtures("worked")
def test_money_that_nobody_pays_is_called_so(console: Console) -> None:
    """The containers ran on another fleet than Fargate; JSON has the part that is paid for."""
    for words in (("cost", JOB), ("cost",)):
        assert "this is what the same would cost on Fargate" in console(*words).out
        told = json.loads(console(*words, "--json").out)
        assert told["fargate_usd"] == 0.0
        assert told["estimated_cost_usd"] > 0


def test_containers_on_fargate_are_paid_for(console: Console, queue: SceneQueue) -> None:
    """Nothing is added to the sentence."""
    fence = queue.dispatcher.acquire("test", 30) or 0
    name = ContainerId("c1")
    queue.dispatcher.record_intents(fence, [ContainerRecord(container_id=name, fleet="fargate", slots=1)])
    queue.dispatcher.record_launched(fence, name, "handle")
    told = json.loads(console("cost", "--json").out)
    assert told["fargate_usd"] == told["by_fleet"]["fargate"]
    assert "would cost" not in console("cost").out


def test_a_day_without_containers_costs_nothing(console: Console) -> None:
    """And has no price of a scene."""
    told = json.loads(console("cost", "--json").out)
    assert (told["estimated_cost_usd"], told["scenes_done"], told["usd_per_scene"], told["by_fleet"]) == (0.0, 0, None, {})
    assert "0 containers of the last day" in console("cost").out


def test_what_a_forgotten_container_cost_is_no_longer_known(console: Console, queue: SceneQueue) -> None:
    """Records last for a day; null in JSON, and a sentence that says so."""
    submit(queue, "old", 1)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.ack("c1", [(lease, done(lease)[1].model_copy(update={"container": "c1"}))])
    told = json.loads(console("cost", "old", "--json").out)
    assert (told["estimated_cost_usd"], told["containers_forgotten"]) == (None, 1)
    assert console("cost", "old").out.startswith("no longer known: ")


def test_a_key_is_fresh_each_time_and_only_its_hash_is_for_the_settings(console: Console) -> None:
    """For people the two lines to pass on; the remark is on standard error."""
    first, second = (json.loads(console("api-key", "shop", "--json").out) for _ in range(2))
    assert first["name"] == "shop"
    assert first["key"] != second["key"]
    assert first["key"] not in first["sha256"]
    ended = console("api-key", "shop")
    key, setting = (line.split(maxsplit=1) for line in ended.out.splitlines())
    assert (key[0], setting[0]) == ("key", "SCENEBURST_API_KEYS")
    assert set(json.loads(setting[1])) == {"shop"}
    assert "cannot be shown again" in ended.err
