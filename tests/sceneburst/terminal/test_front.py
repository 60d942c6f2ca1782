"""The front view in a terminal: every word of it whole at any width, the worst first, hostile texts harmless."""

import pytest
from rich.cells import cell_len

from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.view import overview_of
from sceneburst.terminal.front_view.lines import front_lines, front_screen
from scenequeue.jobs.job import Lane, Pause, WaitingItems
from scenequeue.jobs.rollup import Rollup
from scenequeue.published.decision import decision_from
from scenequeue.published.facts import Facts
from scenequeue.reasons import Reason
from tests.sceneburst.overview.facts import NOW_MS, dead_reason, depth, facts, letter, of_job

_DECISION = '{"why": {"code": "plan_at_rest", "parameters": {}}, "orders": []}'


def _full() -> QueueFacts:
    waiting = WaitingItems(Lane.NORMAL, "render/1", 19_952, 1.0, 380.0)
    hour_ms = NOW_MS - NOW_MS % 3_600_000
    return facts(
        depth=depth(ready=19_952, leased=48, dead=22_121).model_copy(
            update={"ready_by_lane": {Lane.BULK: 7}, "paused_lanes": (Lane.BULK,)}
        ),
        waiting=[waiting],
        pauses=[Pause(about="lane=bulk", by="ann@ops", why="disk full", since_ms=NOW_MS - 600_000)],
        dead_reasons=[dead_reason(22_121, of_job("a", 20, 30, 9, shop="north"), of_job("b", 5, 9, 9))],
        published=Facts(budget_usd_per_hour=3.0, max_containers=40, done_at_ms=NOW_MS + 60_000),
        hours=[
            Rollup(hour_ms, 0, 12, 3.41, 3100, 0, {}),
            Rollup(hour_ms - 97_200_000, 0, 12, 1.2, 1000, 0, {}),
        ],
        decisions=[decision_from(NOW_MS - 4000, _DECISION)],
    )


@pytest.mark.parametrize("width", [60, 120])
def test_no_line_is_longer_than_the_terminal_and_no_word_is_broken(width: int) -> None:
    """All that a wide one shows, a narrow one shows too."""
    lines = [line.plain for line in front_lines(overview_of(_full()), width)]
    assert all(cell_len(line) <= width for line in lines)
    whole = " ".join(line.plain for line in front_lines(overview_of(_full()), None))
    assert " ".join(lines).split() == whole.split()


def test_what_is_wrong_stands_first_then_money_then_numbers() -> None:
    """Each trouble with its facts, its example and its remedy."""
    lines = [line.plain for line in front_lines(overview_of(_full()), None)]
    assert lines[:6] == [
        "lane bulk paused  for 10 min",
        '  ann@ops paused it: "disk full"',
        "  → resume when that is over: `sceneburst queue resume --lane bulk`",
        "22,121 dead  for 10 min · 412/min · 2 jobs or more · 1 label or more",
        "  ObjectNotFound: s3://shop/a.mp3: no such object (404)",
        "  → put the files there, or correct the addresses and submit again; then try ten, and requeue the rest",
    ]
    money, numbers, containers, decision = lines[7:]
    assert money.startswith("$0.50 an hour of $3.00 · $3.41 today · $0.0011 an item (usual $0.0012) · done about ")
    assert numbers == "ready 19,952 (oldest 6 min) · of them paused 7 · in flight 48 · delayed 0 · dead 22,121 · done 0"
    assert containers == "containers: 2 running, 0 starting of 40: nothing ready, no containers (1 s ago)"
    assert decision == "  4 s ago: nothing ready, no containers"


def test_a_healthy_queue_says_so() -> None:
    """In one line."""
    lines = [line.plain for line in front_lines(overview_of(facts()), 60)]
    assert lines[0] == "no trouble"
    assert "done: nothing is waiting" in lines[2]


def test_hostile_texts_are_shown_and_do_nothing() -> None:
    """Control characters are made visible, a line stays one, and a long message is cut."""
    example = letter("other", "\x1b[2J", text="\r\nfake line\x07" + "x" * 5000)
    pause = Pause(about="job=\x1b[31m", by="[red]\n", why="\x9b2J")
    view = overview_of(facts(dead_reasons=[dead_reason(1, of_job("a", 1), example=example)], pauses=[pause]))
    lines = [line.plain for line in front_lines(view, 80)]
    assert all(character.isprintable() for line in lines for character in line)
    assert any("\\x1b[31m" in line for line in lines)
    assert any("[red]\\n" in line for line in lines)
    assert sum(len(line) for line in lines) < 2000


def test_more_troubles_than_fit_are_counted() -> None:
    """The numbers beneath stay on the screen."""
    reasons = [dead_reason(n, of_job("a", 1, done=1), reason=f"r{n}", example=letter(f"r{n}", "E")) for n in range(1, 12)]
    lines = [line.plain for line in front_lines(overview_of(facts(dead_reasons=reasons)), None)]
    assert "… and 3 more troubles" in lines
    assert Reason("title_letters", {"letters": 11}).text in lines[0]


@pytest.mark.parametrize(("width", "height"), [(60, 16), (60, 24), (120, 30)])
def test_a_screen_shows_the_worst_trouble_and_the_numbers_however_small_it_is(width: int, height: int) -> None:
    """Troubles that do not fit are counted; nothing is cut off at its right edge, not even a long address."""
    example = letter("object_missing", "ObjectNotFound", uri=f"s3://bucket/{'long-folder/' * 6}a.mp3", answer="404")
    reasons = [dead_reason(n, of_job("a", 1, done=1), reason=f"r{n}", example=example) for n in range(1, 12)]
    lines = [line.plain for line in front_screen(overview_of(facts(dead_reasons=reasons)), width, height)]
    assert all(cell_len(line) <= width for line in lines)
    assert lines[0].startswith("11 dead")
    numbers = next(number for number, line in enumerate(lines) if line.startswith("ready "))
    assert numbers < height
    assert sum(line.startswith("… and ") for line in lines) == 1


def test_a_screen_without_trouble_says_so() -> None:
    """Then come the numbers."""
    assert front_screen(overview_of(facts()), 60, 24)[0].plain == "no trouble"
