"""Takes secrets out of every text that leaves a program: logs, errors, tracebacks, reasons of dead letters."""

import os
import re
import sys
import threading
import traceback
from types import TracebackType
from urllib.parse import quote, unquote

_HIDDEN = "***"
#: A shorter value would also be found inside ordinary words.
_MIN_SECRET_CHARACTERS = 6
#: Secrets in the environment that are not settings of ours.
_AWS_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

#: Up to the last @ of a word: a password that is not percent-encoded may hold any character.
_USERINFO = re.compile(r"""([A-Za-z][\w+.-]*://[^\s:@/?#'"]*):([^\s'"<>]*)@""")
#: Presigned URLs of S3 and others, and passwords and tokens in a query string.
_PARAMETER = re.compile(
    r"""([?&](?:[\w.%-]*(?:password|passwd|secret|token|signature|credential|api_?-?key|access_?-?key)[\w.%-]*|x-amz-[\w-]+|sig|key|auth)=)"""
    r"""([^\s&'"<>#]+)""",
    re.IGNORECASE,
)
#: In a text that is one URL and nothing else, a password may hold spaces and quotes too, and an ampersand in a parameter.
_URL_USERINFO = re.compile(r"^([\w+.-]+://[^:@/?#]*):.*@", re.DOTALL)
_URL_PARAMETER = re.compile(r"([?&][^=&#]*(?:password|secret|token)[^=&#]*=).*$", re.IGNORECASE | re.DOTALL)

_lock = threading.Lock()
_known: frozenset[str] = frozenset()
_known_pattern: re.Pattern[str] | None = None


def redact(text: str) -> str:
    """Replace the passwords and signatures in URLs, and every registered secret, by three asterisks."""
    if _known_pattern is not None:
        text = _known_pattern.sub(_HIDDEN, text)
    if "://" not in text and "=" not in text:
        return text
    return _USERINFO.sub(rf"\1:{_HIDDEN}@", _PARAMETER.sub(rf"\1{_HIDDEN}", text))


def masked(url: str) -> str:
    """The URL without its passwords, however malformed it is."""
    return _URL_USERINFO.sub(rf"\1:{_HIDDEN}@", _URL_PARAMETER.sub(rf"\1{_HIDDEN}", url))


def register_secret(value: str) -> None:
    """Hide a secret from now on, wherever it stands; of a URL the password and the secret parameters.

    Values of fewer than six characters are hidden only where a URL shows that they are secrets.
    """
    global _known, _known_pattern
    found = {value}
    if "://" in value:
        found = {match[2] for pattern in (_USERINFO, _PARAMETER) for match in pattern.finditer(value)}
    forms = {form for each in found for form in (each, unquote(each), quote(each, safe=""))}
    with _lock:
        known = _known | {form for form in forms if len(form) >= _MIN_SECRET_CHARACTERS}
        if known != _known:
            longest_first = sorted(known, key=len, reverse=True)
            _known, _known_pattern = known, re.compile("|".join(map(re.escape, longest_first)))


def redact_tracebacks() -> None:
    """Register AWS's secrets of the environment, and redact what Python prints of an exception that nobody caught."""
    for name in _AWS_SECRETS:
        if value := os.environ.get(name):
            register_secret(value)
    sys.excepthook = _print_traceback
    threading.excepthook = lambda args: _print_traceback(args.exc_type, args.exc_value, args.exc_traceback)


def _print_traceback(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
