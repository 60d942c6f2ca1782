"""A setting that an option overrides is called by the option in messages."""

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--redis-url", "redis://127.0.0.1:1/0"), "is --redis-url right?"),
        (("--redis-url", "http://host"), "error: --redis-url: "),
        (("--redis-url", "redis+sentinel://127.0.0.1:1/films"), "is --redis-url right?"),
        (("--redis-url", "redis://host/0?odd=1"), "error: --redis-url: "),
        (("--namespace", "a b"), "error: --namespace: "),
    ],
)
def test_a_value_is_called_by_the_option_that_gave_it(
    console: Console, monkeypatch: pytest.MonkeyPatch, redis_url: str, words: tuple[str, ...], told: str
) -> None:
    """Not by the variable, whose value is right; without the option, by the variable."""
    monkeypatch.setenv("SCENEBURST_REDIS_URL", redis_url)
    option, value = words
    for command in (("queue",), ("status", "a"), ("limits",)):
        ended = console(*command, *words)
        assert told in ended.err
        assert "SCENEBURST_REDIS_URL" not in ended.err
    variable = option.replace("--", "SCENEBURST_").replace("-", "_").upper()
    monkeypatch.setenv(variable, value)
    assert told.replace(option, variable) in console("queue").err


def test_an_option_of_a_namespace_with_items_of_an_older_version_is_named(
    console: Console, queue: SceneQueue, namespace: str
) -> None:
    """As the place to choose another one."""
    (older, *_) = queue._connection.keys.older
    queue._connection.client.set(older, "x")
    ended = console("queue", "--namespace", namespace)
    queue._connection.client.delete(older)
    assert ended.code == Exit.USAGE
    assert f"error: --namespace: {namespace} at " in ended.err
