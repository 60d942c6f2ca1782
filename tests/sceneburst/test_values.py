"""Values that a field refuses are told in plain words, at every door, with the value and never in pydantic's."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from producer import Producer
from scenequeue.errors import InvalidScenes, SettingsError, refused_field
from scenequeue.jobs.ids import ItemId
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    whole: Annotated[int, Field(ge=1, lt=9)] = 1
    number: Annotated[float, Field(gt=0, le=2.5, allow_inf_nan=False)] = 1.0
    is_set: bool = False
    text: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]+$")] = "aa"
    choice: Literal["a", "b"] = "a"
    several: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]
    named: dict[str, int] = {}
    inner: "_Strict | None" = None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"whole": "x"}, "whole: must be a whole number, not 'x'"),
        ({"whole": 1.5}, "whole: must be a whole number, not 1.5"),
        ({"whole": None}, "whole: must be a whole number, not None"),
        ({"whole": 0}, "whole: must be 1 or more, not 0"),
        ({"whole": 9}, "whole: must be less than 9, not 9"),
        ({"whole": 10**5000}, "whole: must be less than 9"),
        ({"number": 0}, "number: must be more than 0, not 0"),
        ({"number": 3.5}, "number: must be 2.5 or less, not 3.5"),
        ({"number": float("nan")}, "number: must be a finite number, not nan"),
        ({"number": []}, "number: must be a number"),
        ({"is_set": 1}, "is_set: must be true or false, not 1"),
        ({"text": 5}, "text: must be text, not 5"),
        ({"text": "a"}, "text: must have at least 2 characters"),
        ({"text": "a" * 1000}, "text: must have at most 4 characters"),
        ({"text": "A\nB"}, r"text: must match the pattern ^[a-z]+$, not 'A\nB'"),
        ({"choice": "x" * 1000}, f"choice: must be 'a' or 'b', not '{'x' * 120}…'"),
        ({"several": 5}, "several: must be a list, not 5"),
        ({"several": []}, "several: must have at least 1 entry"),
        ({"several": [1, 2, 3]}, "several: must have at most 2 entries"),
        ({"several": [1, "x"]}, "several.1: must be a whole number, not 'x'"),
        ({"named": []}, "named: must be a mapping of names to values"),
        ({"inner": 5}, "inner: must be a mapping of names to values, not 5"),
        ({"inner": {"whole": "x"}}, "inner.whole: must be a whole number, not 'x'"),
        ({"other": 1}, "other: is not known"),
    ],
)
def test_a_refused_value_is_told_in_plain_words(given: dict[str, Any], said: str) -> None:
    """With its field, and shortened."""
    with pytest.raises(ValidationError) as caught:
        _Strict.model_validate(given)
    (problem,) = caught.value.errors(include_url=False)
    assert refused_field(problem).text == said


def test_a_refusal_of_another_version_is_told_in_its_own_words() -> None:
    """Of a type that this one does not know."""
    assert Reason("value_refused", {"type": "round", "problem": "must be round", "value": "5"}).text == "must be round, not 5"


def test_a_foreign_item_is_a_dead_letter_that_says_what_is_wrong_with_it(console: Console, queue: SceneQueue) -> None:
    """Each field in words; a body that is no JSON too."""
    submit(queue, "a", 2)
    keys = queue._connection.keys
    raw = queue._connection.client
    raw.lset(keys.ready("a", "render/1"), 0, '0-0 1000 {"kind": 5, "weight": "heavy", "name": "a/b"}')
    raw.lset(keys.ready("a", "render/1"), 1, "0-1 1000 {nonsense")
    assert queue.worker.lease("c1", 5) == []
    texts = [queue.inspect.dead_letter("a", item).errors[-1].message for item in (ItemId("0-0"), ItemId("0-1"))]
    assert texts[0].startswith("not a work item: kind: must be text, not 5; name: 'a/b' is not a usable name")
    assert "weight: must be a number, not 'heavy'" in texts[0]
    assert texts[1].startswith("not a work item: is not valid JSON (")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("jobs", "--label", "a!=x"), "'a!' is not a usable label name"),
        (("jobs", "--label", f"a={'x' * 1000}"), "a label's value has at most"),
        (("jobs", "--name", "x" * 200), "name: must have at most 128 characters"),
        (("jobs", "--state", "nope"), "'nope' is not one of 'active'"),
        (("limits", "set", "max_containers=0"), "limit max_containers: must be 1 or more, not '0'"),
        (("limits", "set", "max_containers=many"), "must be a whole number, not 'many'"),
        (("queue", "--namespace", "a b"), "--namespace: must match the pattern"),
    ],
)
def test_an_option_that_is_refused_is_told_in_plain_words(console: Console, words: tuple[str, ...], said: str) -> None:
    """As a wrong argument, without a traceback."""
    ended = console(*words)
    assert ended.code == 2
    plain = " ".join(ended.err.replace("│", " ").split())
    assert said in plain
    assert not any(word in plain for word in ("Input should", "Value error", "validation error", "Traceback"))


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ECS_SUBNETS": "x"}, "SCENEBURST_ECS_SUBNETS: must be a list"),
        ({"ECS_SUBNETS": '{"eu-west-1": 5}'}, "SCENEBURST_ECS_SUBNETS.eu-west-1: must be a list"),
        ({"ECS_TASK_DEFINITION": '{"arm64": 5}'}, "SCENEBURST_ECS_TASK_DEFINITION.arm64: must be text"),
    ],
)
def test_a_setting_of_several_types_is_named_without_pydantics_words_for_them(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    """By the variable, and the key in it."""
    from dispatcher.fleets.settings import FargateSettings

    needed = {"ECS_CLUSTER": "c", "ECS_TASK_DEFINITION": "t", "ECS_SUBNETS": '["s"]'}
    for name, value in {**needed, **variables}.items():
        monkeypatch.setenv(f"SCENEBURST_{name}", value)
    with pytest.raises(SettingsError) as caught:
        FargateSettings.load()
    assert said in str(caught.value)
    assert "STR" not in str(caught.value).replace("SCENEBURST", "")
    assert "[str" not in str(caught.value)


def test_settings_that_can_be_read_are_read_beside_those_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The malformed ones have their defaults."""
    monkeypatch.setenv("SCENEBURST_TICK_S", "often")
    monkeypatch.setenv("SCENEBURST_MAX_CONTAINERS", "7")
    settings = DispatcherSettings.load_readable()
    assert (settings.tick_s, settings.max_containers) == (2.0, 7)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scenes": 5, "output": "s3://b/o"}, "scenes: a list with at least one scene is needed"),
        ({"scenes": None, "output": "s3://b/o"}, "scenes: a list with at least one scene is needed"),
        ({"scenes": [5], "output": None}, "output: 'None' is neither a folder nor an address"),
        ({"scenes": [5], "output": 7}, "scene 1: a number is not a scene"),
        ({"scenes": [], "output": "s3://b/o", "lane": "fast"}, "lane: must be 'urgent', 'normal' or 'bulk', not 'fast'"),
        ({"scenes": [], "output": "s3://b/o", "lane": 5}, "lane: must be 'urgent', 'normal' or 'bulk', not 5"),
        ({"scenes": [], "output": "s3://b/o", "labels": 5}, "labels: must be a mapping of names to values, not 5"),
        ({"scenes": [], "output": "s3://b/o", "max_attempts": "x"}, "max_attempts: must be a whole number, not 'x'"),
        ({"scenes": [], "output": "s3://b/o", "film": 5}, "a number is not a film"),
        (
            {"scenes": [], "output": "s3://b/o", "callback_url": "nonsense"},
            "callback_url: 'nonsense' is not a plain https:// address",
        ),
        ({"scenes": [], "output": "s3://"}, "'s3://' cannot be written"),
    ],
)
def test_arguments_of_another_type_are_mistakes_of_the_submission(given: dict[str, Any], said: str) -> None:
    """From Python, where nothing else checks them."""
    with Producer("redis://127.0.0.1:1/0") as producer, pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes(check_reach=False, check_files=False, **given)
    assert said in str(caught.value)
