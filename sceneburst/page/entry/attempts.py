"""Limits attempts to sign in."""

from sceneburst.access.errors import TooManyAttempts
from scenequeue.token_bucket import TokenBucket

#: Attempts to sign in: a second, and at once, from one address, and from all. Keys have 256 bits; this bounds the work, not luck.
_PER_ADDRESS, _OF_ALL = (0.2, 10), (20.0, 100)
_MAX_ADDRESSES = 10_000


class Attempts:
    """The attempts of all addresses."""

    def __init__(self) -> None:
        self._all = TokenBucket(*_OF_ALL)
        self._buckets: dict[str, TokenBucket] = {}

    def count(self, address: str) -> None:
        """Count an attempt. Raises TooManyAttempts."""
        if address not in self._buckets and len(self._buckets) >= _MAX_ADDRESSES:
            self._buckets.clear()
        bucket = self._buckets.setdefault(address, TokenBucket(*_PER_ADDRESS))
        if wait_s := bucket.try_take() or self._all.try_take():
            raise TooManyAttempts(wait_s)
