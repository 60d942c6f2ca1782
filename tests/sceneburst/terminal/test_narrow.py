"""Sentences on narrow terminals: broken between words, never within one, and not at all in a pipe."""

import pytest
from rich.text import Text

from sceneburst.terminal import screen
from sceneburst.terminal.sheet import wrapped
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.reasons import said

_JOB = "order-4711-of-the-northern-shop-2026-11-27"
_WIDTH = 60


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 60 columns."""
    monkeypatch.setenv("COLUMNS", str(_WIDTH))
    for console in (screen.out, screen.err):
        monkeypatch.setattr(console, "_width", _WIDTH)


@pytest.fixture
def worked(queue: SceneQueue) -> SceneQueue:
    """A job with a long name and a long reason, a container that has worked for it, and a decision of the dispatcher."""
    submit(queue, _JOB, 2, labels={"shop": "north"})
    fence = queue.dispatcher.acquire("test", 30) or 0
    record = ContainerRecord(container_id=ContainerId("c1795803472681-db7638f0"), vcpu=2, memory_mib=4096, slots=1, done=1)
    queue.dispatcher.record_intents(fence, [record])
    queue.dispatcher.record_launched(fence, record.container_id, "handle")
    queue.dispatcher.publish_plan(
        '{"why": "4 ready → 1 container × 4, because batches of about 10, at least 1, in at most 2", "at_ms": 1, '
        '"usd_per_hour": 0.1}'
    )
    queue.worker.beat(record)
    for lease in queue.worker.lease(record.container_id, 2):
        reason = "image is not a picture in a format that is read (JPEG, PNG, WEBP, GIF, BMP, TIFF)"
        queue.worker.fail(record.container_id, lease, "BadInput", said(reason), transient=False)
    queue.dispatcher.resign("test")
    return queue


_COMMANDS = [
    ("queue",),
    ("jobs",),
    ("status", _JOB),
    ("results", _JOB),
    ("watch", _JOB),
    ("containers",),
    ("dead",),
    ("dead", "show", _JOB, "0-0"),
    ("cost",),
    ("cost", _JOB),
    ("plan",),
    ("version",),
    ("status", f"no-{_JOB}"),
]


@pytest.mark.usefixtures("narrow", "worked")
@pytest.mark.parametrize("words", _COMMANDS)
def test_no_line_is_longer_than_the_terminal(console: Console, words: tuple[str, ...]) -> None:
    """But for a word that is; JSON and tables' rows are what they are."""
    ended = console(*words)
    sentences = ended.out.partition("{\n")[0] + ended.err
    assert sentences
    for line in sentences.splitlines():
        assert len(line) <= _WIDTH or " " not in line.strip(), line


@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize("words", [("cost",), ("plan",), ("status", "nobody")])
def test_a_pipe_gets_every_sentence_in_one_line(console: Console, words: tuple[str, ...]) -> None:
    """Whatever its length: programs read it."""
    ended = console(*words)
    assert all(line[0] != " " for line in (ended.out + ended.err).splitlines())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("failed  a b", ["failed  a", "  b"]),
        ("a-word-beyond-the-width b", ["a-word-beyond-the-width", "  b"]),
        ("x (`a command of words`, so) y", ["x", "  (`a command of words`,", "  so) y"]),
        ("as of 12 items", ["as of", "  12 items"]),
        ("a ` b c d e f", ["a ` b c d", "  e f"]),
        ("日本 日本 日本", ["日本 日本", "  日本"]),
    ],
)
def test_lines_end_between_words(text: str, lines: list[str]) -> None:
    """A command in backticks is never broken, so that it can be copied."""
    assert [line.plain for line in wrapped(Text(text), 10, rest="  ")] == lines
