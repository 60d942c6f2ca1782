"""Commands that a message tells the user to run next, with the options that this one was given."""

import shlex
from typing import NamedTuple

from scenequeue.redaction import mask_url, redact


class Again(NamedTuple):
    """The queue's address as the user gave it on the command line; None where the environment's holds."""

    redis_url: str | None
    namespace: str | None

    def command(self, *words: str) -> str:
        """The command in backticks, ready to be pasted. Of an address with a password, only its variable is named."""
        more: list[str] = []
        beside = ""
        if self.redis_url is not None and _is_open(self.redis_url):
            more += ["--redis-url", self.redis_url]
        elif self.redis_url is not None:
            beside = ", with the address in SCENEBURST_REDIS_URL,"
        if self.namespace is not None:
            more += ["--namespace", self.namespace]
        return f"`{shlex.join(['sceneburst', *words, *more])}`{beside}"


def _is_open(url: str) -> bool:
    """True if an address holds nothing that has to be hidden."""
    return redact(mask_url(url)) == url
