"""No secret in what leaves a program, wherever it stands, and no line that a caller's name made up."""

import io
import json
import logging
import subprocess
import sys

import pytest
import structlog

from scenequeue.errors import InvalidScenes, ObjectNotFound
from scenequeue.logs import configure
from scenequeue.reasons import Code, Reason
from scenequeue.redaction import redact, register_secret
from scenequeue.settings import DispatcherSettings, SceneburstSettings

_PASSWORDS = ["hush", "hu#sh", "hu/sh", "hu?sh", "hu@sh", "hu:sh", "h@u/s#h?"]


@pytest.mark.parametrize("password", _PASSWORDS)
@pytest.mark.parametrize(
    "form",
    [
        "Redis at redis://user:{}@host:6379/0 does not answer",
        "'rediss://:{}@host'",
        "(https://shop:{}@shop.example/told)",
        "redis+sentinel://u:{}@a:1,b:2/films, and more",
    ],
)
def test_a_password_in_an_address_is_hidden(form: str, password: str) -> None:
    """Also where it is not percent-encoded; what stands around it stays."""
    said = redact(form.format(password))
    assert said == form.format("***")


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "sig",
        "access_token",
        "api_key",
        "apikey",
        "Signature",
    ],
)
def test_a_secret_parameter_is_hidden(name: str) -> None:
    """Of presigned addresses above all; the others stay."""
    said = redact(f"https://b.example/a.jpg?page=2&{name}=hush%2Fhush&size=3: nothing there")
    assert said == f"https://b.example/a.jpg?page=2&{name}=***&size=3: nothing there"


@pytest.mark.parametrize(
    "text",
    ["s3://bucket/key: refused (403)", "file:///a:b@c", "a=b", "https://x.example:8443/a?page=1&design=2", "12:30 @ noon"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Not every colon is a password."""
    assert redact(text) == text


def test_every_error_of_ours_is_clean() -> None:
    """It becomes a reason, a dead letter, a line of a terminal, an answer of the API."""
    url = "https://b.example/a?X-Amz-Signature=hush"
    assert "hush" not in str(ObjectNotFound(f"{url}: nothing there"))
    invalid = InvalidScenes([f"scene 1: {url}"])
    assert "hush" not in str(invalid) + "".join(invalid.problems)


def test_a_secret_setting_is_hidden_wherever_it_stands() -> None:
    """A library's own words may repeat it, plain or percent-encoded."""
    DispatcherSettings.load(webhook_secret="correct horse", redis_password="battery/staple", redis_url="redis://u@host")
    assert redact("b'correct horse' battery/staple battery%2Fstaple") == "b'***' *** ***"


def test_a_secret_is_hidden_by_itself_whatever_is_in_it() -> None:
    """Of an address its password alone, also with a space or quotes; of a key that looks like an address all of it."""
    SceneburstSettings.load(redis_url="redis://u:a space 'and quotes'@host", redis_password="x://no-address")
    assert redact("said a space 'and quotes' of x://no-address at host") == "said *** of *** at host"


def test_a_long_text_is_redacted_in_time() -> None:
    """A long address or name costs time linear in its length; it was minutes when this was quadratic."""
    forms = ("https://x.example/{}", "?{}", "{}@", "://{}", "https://u:{}@h")
    for part in ("a", "a@", ":", "https://", "a=b&", "password", "password=", "?", "'", "%"):
        for form in forms:
            redact(form.format(part * 100_000))


def test_a_short_secret_does_not_eat_words() -> None:
    """It would stand in every second one."""
    register_secret("a")
    assert redact("a plan") == "a plan"


def _logged(log_format: str, *events: dict[str, object], error: Exception | None = None) -> str:
    before = logging.getLogger().handlers[:]
    sink = io.StringIO()
    try:
        configure(SceneburstSettings.load(log_format=log_format), "test")
        handler = logging.getLogger().handlers[0]
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(sink)
        for event in events:
            structlog.get_logger().info("said", **event)
        if error is not None:
            try:
                raise error
            except Exception:
                local = "redis://u:hush@host"
                structlog.get_logger().exception("failed", length=len(local))
                logging.getLogger("celery").exception("failed at %s", local)
    finally:
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    return sink.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_log_holds_a_secret(log_format: str) -> None:
    """In lists, maps, bytes, exceptions, tracebacks and the logs of libraries."""
    url = "redis://u:hush@host"
    said = _logged(
        log_format,
        {"url": url, "urls": [url, {"inside": (url,)}], "password": "hush", "nested": {"secret": "hush"}},
        {"raw": url.encode(), "error": ValueError(url)},
        error=ValueError(f"no such thing as {url}"),
    )
    assert "said" in said
    assert "ValueError" in said
    assert "hush" not in said


def test_a_name_does_not_write_lines_into_a_log() -> None:
    """Control characters are escaped on a terminal too; a traceback keeps its lines."""
    said = _logged(
        "console", {"name": "a\n2026 [info] forged\x1b[2J\u2028b", "other": "c\x1b[2Jd"}, error=ValueError("x\x1b]0;title\x07")
    )
    assert "forged\\x1b[2J\\u2028b" in said
    assert "c\\x1b[2Jd" in said
    assert "\n2026 [info] forged" not in said
    assert "\x1b[2J" not in said
    assert "\x1b]0" not in said
    assert "Traceback (most recent call last):\n" in said


def test_a_reason_in_a_log_is_words_and_for_programs_its_code_and_parameters() -> None:
    """The same for an error of ours; one of a library has words alone. On a terminal, the words do."""
    why = Reason(Code.FILE_MISSING, {"uri": "https://b/a?X-Amz-Signature=hush"})
    events: list[dict[str, object]] = [{"why": why}, {"error": ObjectNotFound(why)}, {"error": ValueError("odd")}, {"why": "x"}]
    lines = [json.loads(line) for line in _logged("json", *events).splitlines()]
    told = "https://b/a?X-Amz-Signature=*** no such file on this machine"
    found = [(line.get("why", line.get("error")), line.get("code"), line.get("parameters")) for line in lines]
    parameters = {"uri": "https://b/a?X-Amz-Signature=***"}
    assert found == [
        *((told, "file_missing", parameters), (told, "file_missing", parameters), ("odd", None, None), ("x", None, None)),
    ]
    assert "parameters" not in _logged("console", {"why": why})


def test_json_logs_are_one_line_each() -> None:
    """Whatever is in them."""
    lines = _logged("json", {"name": "a\nb", "at": object()}, error=ValueError("c\nd")).splitlines()
    assert len([json.loads(line) for line in lines]) == 3


@pytest.mark.parametrize("where", ["main", "thread"])
def test_an_exception_that_nobody_catches_is_printed_clean(where: str) -> None:
    """Of the main thread, which then ends with 1, and of any other."""
    code = (
        "import sys, threading\n"
        "from scenequeue.redaction import redact_tracebacks\n"
        "redact_tracebacks()\n"
        "def fail(): raise ValueError('https://u:hush@host/ and aws-hidden')\n"
        "threading.Thread(target=sys.exit).start()\n"
        f"fail() if {where == 'main'} else threading.Thread(target=fail).start()\n"
    )
    environment = {"AWS_SECRET_ACCESS_KEY": "aws-hidden", "PYTHONPATH": ":".join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert ended.stderr.count("Traceback") == 1
    assert ended.returncode == (1 if where == "main" else 0)
    assert "ValueError: https://u:***@host/ and ***" in ended.stderr
