"""The page about the HTTP API shows what the API answers."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from sceneburst.http_api.errors import KINDS
from sceneburst.http_api.views import Job, Problem, ResultPage
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from tests.docs.blocks import ROOT
from tests.sceneburst.http_api.serving import Api, job, scene, serving

_PAGE = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")
_JSON = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", _PAGE, re.DOTALL | re.MULTILINE)]
#: Answered below the routes, by the framework.
_FRAMEWORKS = {"not-found", "method-not-allowed", "internal"}


@pytest.fixture
def api(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Api]:
    """Beside a queue of its own."""
    del queue
    with serving(redis_url, namespace) as served:
        yield served


def _keys(value: Any) -> Any:
    return {name: _keys(each) for name, each in value.items()} if isinstance(value, dict) else type(value)


def test_the_job_of_the_page_is_what_the_api_answers(api: Api) -> None:
    """Key by key; what may be null is told in the description."""
    (shown,) = (each for each in _JSON if "progress" in each)
    (asked,) = re.findall(r"/v1/jobs -d '(.*?)'$", _PAGE, re.DOTALL | re.MULTILINE)
    answer = api.submit(json.loads(asked)).json()
    assert list(shown) == list(answer)
    assert _keys(shown["counts"]) == _keys(answer["counts"])
    assert shown["waits_because"].keys() == answer["waits_because"].keys()


@pytest.mark.parametrize(
    ("example", "answer"),
    [
        (Job.model_config["json_schema_extra"]["examples"][0], Job),
        (ResultPage.model_config["json_schema_extra"]["examples"][0]["results"][0], ItemResult),
        (Problem.model_config["json_schema_extra"]["examples"][0], Problem),
    ],
)
def test_the_examples_of_the_description_have_every_field(example: dict[str, Any], answer: type[BaseModel]) -> None:
    """As callers get them."""
    assert example.keys() == answer.model_json_schema(mode="serialization")["properties"].keys()


def test_the_problem_of_the_page_is_the_answer_to_its_mistakes(api: Api) -> None:
    """Word for word."""
    (shown,) = (each for each in _JSON if "errors" in each)
    wrong = scene("intro", options={"motoin": "pan_left"})
    body = {**job(), "scenes": [{**wrong, "image": "intro.jpg"}]}
    answer = api.submit(body).json()
    key = lambda each: each["pointer"]  # noqa: E731
    assert {**answer, "errors": sorted(answer["errors"], key=key)} == {**shown, "errors": sorted(shown["errors"], key=key)}


def test_the_events_of_the_page_have_the_keys_of_events(api: Api, queue: SceneQueue) -> None:
    """In their order."""
    api.submit(job("a", job_id="j1"))
    queue.producer.cancel("j1")
    told = [event["data"] for event in api.events("j1")[1]]
    shown = [json.loads(line) for line in re.findall(r'^data: (\{"event".*\})$', _PAGE, re.MULTILINE)]
    assert len(shown) == 4
    assert {tuple(each) for each in shown} == {tuple(each) for each in told[:-1]}


def test_the_page_names_every_kind_of_problem_with_its_status() -> None:
    """And no other."""
    rows = re.findall(r"^\| ([0-9, ]+) \| ([^|]+) \|", _PAGE[_PAGE.index("`type` ends in") :], re.MULTILINE)
    named = {slug: statuses for statuses, slugs in rows for slug in re.findall(r"`([\w-]+)`", slugs)}
    assert set(named) == {kind.slug for kind in KINDS.values()} | _FRAMEWORKS
    assert [kind.slug for kind in KINDS.values() if str(kind.status) not in named[kind.slug].split(", ")] == []
