"""Writes reasons as JSON of bounded size for Redis."""

import json
from bisect import bisect_left

from scenequeue.reasons import Parameter, Reason

#: Maximum characters of a stored reason; longer texts in it are cut.
MAX_CHARACTERS = 8_000
#: The same for a reason in an event of a job, because there may be many.
MAX_EVENT_CHARACTERS = 600


def reason_words(why: Reason) -> tuple[str, str]:
    """Return a reason in the two forms that steps take: for storage, and shortened for events."""
    reason = why.without_secrets()
    return stored_reason(reason), stored_reason(reason, MAX_EVENT_CHARACTERS)


def stored_reason(reason: Reason, limit: int = MAX_CHARACTERS) -> str:
    """Return a reason as JSON of at most this many characters: its longest texts are cut, all to the same length.

    If it is too long even without texts, only its code is kept.
    """
    whole = _json(reason)
    if len(whole) <= limit:
        return whole
    too_long = bisect_left(range(limit), True, key=lambda most: len(_json(_cut(reason, most))) > limit)
    return _json(_cut(reason, too_long - 1) if too_long else Reason(reason.code))


def _json(reason: Reason) -> str:
    return json.dumps(reason.to_json(), ensure_ascii=False, separators=(",", ":"))


def _cut(reason: Reason, most: int) -> Reason:
    return Reason(reason.code, {name: _cut_value(value, most) for name, value in reason.parameters.items()})


def _cut_value(value: Parameter, most: int) -> Parameter:
    if isinstance(value, str):
        return value if len(value) <= most else f"{value[:most]}…"
    if isinstance(value, tuple):
        return tuple(_cut(each, most) for each in value)
    return _cut(value, most) if isinstance(value, Reason) else value
