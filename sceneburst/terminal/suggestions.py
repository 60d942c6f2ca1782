"""Formats commands that a message suggests to run next, with the options that this command was given."""

import shlex
from typing import NamedTuple

from scenequeue.redaction import mask_url, redact


class Suggestions(NamedTuple):
    """The queue's options as given on the command line; None for those of the environment."""

    redis_url: str | None
    namespace: str | None

    def command(self, *words: str) -> str:
        """Return the command in backticks, ready to be pasted. For an address with a password, only its variable is named."""
        more: list[str] = []
        beside = ""
        if self.redis_url is not None and _has_no_secret(self.redis_url):
            more += ["--redis-url", self.redis_url]
        elif self.redis_url is not None:
            beside = " (with the address in SCENEBURST_REDIS_URL)"
        if self.namespace is not None:
            more += ["--namespace", self.namespace]
        return f"`{shlex.join(['sceneburst', *words, *more])}`{beside}"


def _has_no_secret(url: str) -> bool:
    """Return True if an address contains no secret."""
    return redact(mask_url(url)) == url
