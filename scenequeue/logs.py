"""Structured logs: JSON in containers, coloured on a terminal, and never a secret."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from scenequeue.redaction import redact, redact_tracebacks
from scenequeue.settings import SceneburstSettings

_SECRET_NAMES = re.compile(r"password|secret|token_key|authorization|credential", re.IGNORECASE)
#: Except the line feeds of a traceback.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TRACEBACK = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def _without_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = "***" if _SECRET_NAMES.search(name) else _clean(value)
    return event


def _clean(value: Any) -> Any:
    """Redact every text in a value, however deep, and the text of what is not plain data."""
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
    """Escape control characters: a name that a caller chose must not move the cursor, or look like a line of its own."""
    for name, value in event.items():
        # The renderer itself prints a field's text with spaces in it as Python would write it.
        if isinstance(value, str) and (name in {"event", "exception", "logger"} or not set(value) & set(" \t=\r\n\"'")):
            pattern = _CONTROL_IN_TRACEBACK if name == "exception" else _CONTROL
            event[name] = pattern.sub(lambda found: repr(found[0])[1:-1], value)
    return event


def configure(settings: SceneburstSettings, program: str, **bound: str) -> None:
    """Send all logs, those of the libraries too, to standard error.

    Args:
        settings: least level, and JSON or coloured lines.
        program: worker, dispatcher, api …; on every line.
        bound: more fields for every line, such as container_id.
    """
    level = getattr(logging, settings.log_level.upper())
    is_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Of a traceback only its text: structlog's own renderer would show local variables too, secrets among them.
    last: list[structlog.types.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    last += [structlog.processors.JSONRenderer()] if is_json else [_escaped, structlog.dev.ConsoleRenderer()]
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
    root.setLevel(max(level, logging.INFO))
    # Libraries are worth hearing only when something is wrong.
    for name in ("botocore", "boto3", "urllib3", "httpx", "httpcore", "celery", "kombu", "amqp"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.contextvars.bind_contextvars(program=program, **bound)
    redact_tracebacks()
