"""Removes secrets from all texts that leave a program: logs, errors, tracebacks, reasons of dead letters."""

import os
import re
import sys
import threading
import traceback
from types import TracebackType
from urllib.parse import quote, unquote

_HIDDEN = "***"
#: Shorter values would also match inside ordinary words.
_MIN_SECRET_CHARACTERS = 6
#: Environment variables of AWS that hold secrets.
_AWS_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

# Each pattern must take time linear in the text, as messages contain addresses and names that anybody may have sent.
#: A word up to its last @, as a password that is not percent-encoded may contain any character.
_WORD_WITH_AT = re.compile(r"""(?<![^\s'"<>])[^\s'"<>]*@""")
_USERINFO = re.compile(r"""(\w://[^\s:@/?#'"]*):(.*)@""", re.DOTALL)
#: A parameter of a query string: name and value.
_PARAMETER = re.compile(r"""([?&][\w.%-]+=)([^\s&'"<>#]+)""")
#: Parameter names of presigned URLs (S3 and others), passwords and tokens.
_SECRET_NAME = re.compile(
    r"password|passwd|secret|token|signature|credential|api_?-?key|access_?-?key|^.x-amz-|^.(?:sig|key|auth)=$", re.IGNORECASE
)
#: For a text that is a single URL: its password may also contain spaces and quotes, and its parameters an ampersand.
_URL_USERINFO = re.compile(r"^([\w+.-]+://[^:@/?#]*):(.*)@", re.DOTALL)
_URL_PARAMETER = re.compile(r"[?&]([^=?&#]*)=")
_URL_SECRET_NAME = re.compile(r"password|secret|token", re.IGNORECASE)

_lock = threading.Lock()
_known: frozenset[str] = frozenset()
_known_pattern: re.Pattern[str] | None = None


def redact(text: str) -> str:
    """Replace passwords and signatures in URLs, and all registered secrets, by ***."""
    if _known_pattern is not None:
        text = _known_pattern.sub(_HIDDEN, text)
    if "://" not in text and "=" not in text:
        return text
    return _WORD_WITH_AT.sub(_without_password, _PARAMETER.sub(_without_value, text))


def _without_password(word: re.Match[str]) -> str:
    return _USERINFO.sub(rf"\1:{_HIDDEN}@", word[0])


def _without_value(parameter: re.Match[str]) -> str:
    return f"{parameter[1]}{_HIDDEN}" if _SECRET_NAME.search(parameter[1]) else parameter[0]


def mask_url(url: str) -> str:
    """Replace the passwords in a URL, which may be malformed, by ***."""
    secret = _secret_parameter(url)
    return _URL_USERINFO.sub(rf"\1:{_HIDDEN}@", url if secret is None else url[:secret] + _HIDDEN)


def _secret_parameter(url: str) -> int | None:
    """Return the position of the first secret parameter's value, which is taken to reach to the end of the URL."""
    return next((match.end() for match in _URL_PARAMETER.finditer(url) if _URL_SECRET_NAME.search(match[1])), None)


def register_url(url: str) -> None:
    """Register the password and the secret parameters of a URL as secrets."""
    for match in _URL_USERINFO.finditer(url):
        register_secret(match[2])
    if (secret := _secret_parameter(url)) is not None:
        register_secret(url[secret:])
    for match in _PARAMETER.finditer(url):
        if _SECRET_NAME.search(match[1]):
            register_secret(match[2])


def register_secret(value: str) -> None:
    """Replace this secret in every text from now on.

    Values of fewer than six characters are replaced only where a URL shows that they are secrets.
    """
    global _known, _known_pattern
    forms = (value, unquote(value), quote(value, safe=""))
    with _lock:
        known = _known | {form for form in forms if len(form) >= _MIN_SECRET_CHARACTERS}
        if known != _known:
            longest_first = sorted(known, key=len, reverse=True)
            _known, _known_pattern = known, re.compile("|".join(map(re.escape, longest_first)))


def redact_tracebacks() -> None:
    """Register AWS's secrets in the environment, and redact the tracebacks of uncaught exceptions."""
    for name in _AWS_SECRETS:
        if value := os.environ.get(name):
            register_secret(value)
    sys.excepthook = _print_traceback
    threading.excepthook = _print_traceback_of_thread


def _print_traceback_of_thread(args: threading.ExceptHookArgs) -> None:
    # SystemExit ends a thread silently, as in Python's own hook.
    if args.exc_type is not SystemExit:
        _print_traceback(args.exc_type, args.exc_value, args.exc_traceback)


def _print_traceback(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
