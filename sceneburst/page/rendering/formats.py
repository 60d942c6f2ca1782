"""Puts numbers, amounts, times and reasons into the words of a language; the templates' filters."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from sceneburst.page.languages import Catalogue
from sceneburst.words.language import sentence_of
from scenequeue.reasons import Reason
from scenequeue.redaction import redact

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]")
_MAX_REASON_CHARS = 2_000
_MAX_TEXT_CHARS = 500
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


class Formats:
    """The filters of one language."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "number": self.number, "usd": self.usd, "duration": self.duration, "size": self.size, "percent": self.percent,
            "reason": self.reason, "visible": visible, "clock": clock, "moment": moment,
        }  # fmt: skip

    def number(self, value: float) -> str:
        """Format a number, with thousands separated."""
        return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"

    def usd(self, value: float) -> str:
        """Format an amount of dollars: two digits, of small amounts as many as tell something."""
        if value == 0 or abs(value) >= 0.1:
            return f"${value:,.2f}"
        return f"${value:.4f}" if abs(value) >= 0.0001 else f"${value:.2g}"

    def percent(self, share: float) -> str:
        """Format a share of 1."""
        return f"{share * 100:.0f} %"

    def size(self, value: float) -> str:
        """Format a number of bytes."""
        power = min(len(_UNITS) - 1, max(0, (int(value).bit_length() - 1) // 10))
        scaled = value / 1024**power
        return f"{scaled:.0f} {_UNITS[power]}" if power == 0 or scaled >= 100 else f"{scaled:.1f} {_UNITS[power]}"

    def duration(self, seconds: float) -> str:
        """Format a length of time by its largest unit, or two."""
        whole = max(0, int(seconds))
        minutes, hours, days = whole // 60, whole // 3600, whole // 86400
        say = self._catalogue.gettext
        if whole < 60:
            return say("%(seconds)s s") % {"seconds": whole}
        if minutes < 60:
            return say("%(minutes)s min") % {"minutes": minutes}
        if hours < 48:
            parts = {"hours": hours, "minutes": minutes % 60}
            return (say("%(hours)s h %(minutes)s min") if parts["minutes"] else say("%(hours)s h")) % parts
        return say("%(days)s days") % {"days": days}

    def reason(self, reason: Reason | None) -> str:
        """Put a reason into a sentence, without secrets."""
        if reason is None:
            return ""
        return visible(sentence_of(reason.without_secrets(), self._catalogue.words), _MAX_REASON_CHARS)


def visible(text: object, most: int = _MAX_TEXT_CHARS) -> str:
    """Return a text from elsewhere with its control characters made visible, shortened to a number of characters."""
    # Redact first: a secret that is cut off would not be recognised.
    whole = redact(str(text))
    return _UNPRINTABLE.sub(_shown, whole if len(whole) <= most else f"{whole[:most]}…")


def _shown(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in "\n\t":
        return sign
    return chr(0x2400 + ord(sign)) if ord(sign) < 0x20 else f"\\u{ord(sign):04x}"


def clock(at_ms: float) -> Markup:
    """Return a moment as the time of day; the script shows it in the browser's time zone, without it it is UTC."""
    return _time(at_ms, "%H:%M:%S", "clock")


def moment(at_ms: float) -> Markup:
    """Return a moment with its date; otherwise as `clock`."""
    return _time(at_ms, "%Y-%m-%d %H:%M", "moment")


def _time(at_ms: float, form: str, shown_as: str) -> Markup:
    try:
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return Markup("–")
    text = f"{at.strftime(form)} UTC"
    return Markup('<time datetime="{}" data-show="{}">{}</time>').format(at.isoformat(timespec="seconds"), shown_as, text)
