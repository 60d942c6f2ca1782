"""Commands to run next, in messages."""

import pytest

from sceneburst.terminal.suggestions import Suggestions


@pytest.mark.parametrize(
    "url",
    [
        "redis://me:hunter2@host:6379/0",
        "redis://:s p@ss'@host",
        "redis+sentinel://host:26379/films?sentinel_password=hunter2",
    ],
)
def test_an_address_with_a_password_is_never_printed(url: str) -> None:
    """Its variable is named, and the rest of what was given kept."""
    told = Suggestions(url, "films").command("watch", "a")
    assert told == "`sceneburst watch a --namespace films` (with the address in SCENEBURST_REDIS_URL)"


def test_what_a_shell_would_take_apart_is_quoted() -> None:
    """The command is one that can be pasted."""
    told = Suggestions("redis://host/0?socket_timeout=3&db=1", None).command("status", "a b")
    assert told == "`sceneburst status 'a b' --redis-url 'redis://host/0?socket_timeout=3&db=1'`"
