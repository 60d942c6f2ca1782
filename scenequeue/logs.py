"""Structured logs without secrets: JSON in containers, coloured on a terminal."""

import contextlib
import logging
import re
import secrets
import sys
from collections import deque
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from scenequeue.jobs.container import TAIL_LINES, TailLines
from scenequeue.reasons import Reason
from scenequeue.redaction import redact, redact_tracebacks
from scenequeue.settings import SceneburstSettings

_SECRET_NAMES = re.compile(r"password|secret|token_key|authorization|credential", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: All control characters except the line feed.
_CONTROL_IN_TRACEBACK = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
#: Maximum length of a line in the tail.
_MAX_TAIL_CHARACTERS = 300


class LogTail(logging.Handler):
    """Keeps the last 200 lines of the log as text, each at most 300 characters. Thread-safe."""

    def __init__(self) -> None:
        super().__init__()
        self._run = secrets.token_hex(4)
        self._lines: deque[str] = deque(maxlen=TAIL_LINES)
        self._total = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; a traceback counts as several lines."""
        try:
            lines = self.format(record).split("\n")
        except Exception:
            self.handleError(record)
            return
        self._lines += (line if len(line) <= _MAX_TAIL_CHARACTERS else f"{line[: _MAX_TAIL_CHARACTERS - 1]}…" for line in lines)
        self._total += len(lines)

    def after(self, number: int) -> TailLines:
        """Return the kept lines that follow the line with this number."""
        # The lock of logging.Handler, so that no line is added meanwhile.
        with self.lock or contextlib.nullcontext():
            news = min(self._total - number, len(self._lines))
            return TailLines(self._run, self._total - news + 1, list(self._lines)[len(self._lines) - news :])


def _without_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = "***" if _SECRET_NAMES.search(name) else _clean(value)
    return event


def _worded(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put reasons and errors into words, and add the code and the parameters of the first one for programs."""
    for name, value in [*event.items()]:
        why = value if isinstance(value, Reason) else getattr(value, "reason", None)
        if isinstance(why, Reason):
            event[name] = why.text
            event.setdefault("code", why.code)
            event.setdefault("parameters", why.to_json()["parameters"])
        elif isinstance(value, BaseException):
            event[name] = str(value)
    return event


def _clean(value: Any) -> Any:
    """Redact all texts in a value, at any depth; an object that is not plain data becomes its redacted repr."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {redact(str(name)): "***" if _SECRET_NAMES.search(str(name)) else _clean(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each) for each in value]
    return redact(repr(value))


def _escaped(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape control characters, so that a name from a caller cannot move the cursor or start a new line."""
    for name, value in event.items():
        # Other fields with white space or quotes are escaped by the renderer.
        if isinstance(value, str) and (name in {"event", "exception", "logger"} or not set(value) & set(" \t=\r\n\"'")):
            pattern = _CONTROL_IN_TRACEBACK if name == "exception" else _CONTROL
            event[name] = pattern.sub(lambda found: repr(found[0])[1:-1], value)
    return event


def _without(names: frozenset[str]) -> structlog.types.Processor:
    def remove(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: value for name, value in event.items() if name not in names}

    return remove


def configure(settings: SceneburstSettings, program: str, tail: LogTail | None = None, **bound: str) -> None:
    """Send all logs, those of libraries too, to standard error.

    Args:
        settings: the lowest level, and the format.
        program: worker, dispatcher, api …; a field of every line.
        tail: keeps the last lines too, as on a terminal without colours, but without the fields that every line has.
        bound: further fields of every line, such as container_id.
    """
    level = getattr(logging, settings.log_level.upper())
    is_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks as plain text: structlog's own renderer would also print local variables, which may be secrets.
    last: list[structlog.types.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _worded,
        _without_secrets,
    ]
    for_people = _without(frozenset({"code", "parameters"}))
    as_text: list[structlog.types.Processor] = [*last, for_people, _without(frozenset({"program", *bound})), _escaped]
    as_text.append(structlog.dev.ConsoleRenderer(colors=False))
    last += [structlog.processors.JSONRenderer()] if is_json else [for_people, _escaped, structlog.dev.ConsoleRenderer()]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    if tail is not None:
        tail.setFormatter(structlog.stdlib.ProcessorFormatter(processors=as_text, foreign_pre_chain=shared))
        root.addHandler(tail)
    root.setLevel(max(level, logging.INFO))
    # From libraries, only warnings and errors.
    for name in ("botocore", "boto3", "urllib3", "httpx", "httpcore", "celery", "kombu", "amqp"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.contextvars.bind_contextvars(program=program, **bound)
    redact_tracebacks()
