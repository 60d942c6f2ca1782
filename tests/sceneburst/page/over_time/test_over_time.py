"""The queue's history as plots: of each span, with gaps where nothing was written, told in words as well."""

import re

import pytest
from hypothesis import example, given, strategies as st

from sceneburst.page.plots.lines import path_of, plot, top_of
from sceneburst.page.views.over_time import SPANS, parts_of, shown
from scenequeue.jobs.rollup import Rollup
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from tests.sceneburst.page.serving import Page
from tests.scenequeue.jobs import submit

_NOW_MS = 1_790_000_050_000
_MINUTE_MS = 60_000


def _slot(minutes_ago: int, ready: int = 0, usd: float = 0.0, done: int = 0, **reasons: int) -> Rollup:
    begin_ms = _NOW_MS - _NOW_MS % _MINUTE_MS - minutes_ago * _MINUTE_MS
    return Rollup(begin_ms, ready, 2, usd, done, sum(reasons.values()), reasons)


def test_a_line_has_a_point_in_each_part_and_a_gap_where_nothing_is_known() -> None:
    """From the upper left corner, as SVG counts; a lone value is a stroke."""
    assert path_of([0.0, 10.0, None, 5.0], 10.0) == "M12.50 100.00L37.50 0.00M75.00 50.00L100.00 50.00"
    assert path_of([], 1.0) == path_of([None, None], 1.0) == ""


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (3, 5), (11, 20), (20, 20), (51_000, 100_000), (float("nan"), 1)])
def test_an_axis_ends_at_a_round_number(most: float, top: float) -> None:
    """Not below the largest value."""
    assert top_of(most, is_whole=True) == top


@given(st.lists(st.none() | st.floats(0, 1e15), max_size=100))
@example([5e-324])
def test_every_point_lies_within_the_plot(values: list[float | None]) -> None:
    """However large or small the values are."""
    (line,) = plot("a", "a", [("a", values)], is_money=True).lines
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", line.path)]
    assert all(0 <= number <= 100 for number in numbers)
    assert (line.path == "") == all(value is None for value in values)


def test_slots_are_put_together_to_parts_that_end_now() -> None:
    """The most of backlog and containers, the sum of items and dollars, the last of dead letters."""
    slots = [_slot(200), _slot(59, ready=7), _slot(1, ready=5, usd=0.5, done=4, object_missing=3), _slot(0, ready=2, done=1)]
    parts = parts_of(slots, _MINUTE_MS, 60, _NOW_MS)
    assert [len(part) for part in (parts[0], parts[1], parts[58], parts[59])] == [1, 0, 1, 1]
    plots = {each.name: each for each in shown("hour", slots, _NOW_MS)["plots"]}
    assert (plots["backlog"].lines[0].now, plots["backlog"].lines[0].most) == (2, 7)
    assert plots["throughput"].lines[0].most == 4
    assert plots["cost"].lines[0].most == 30.0
    assert [line.name for line in plots["reasons"].lines] == ["object_missing"]


@pytest.mark.parametrize("span", [*SPANS, "x", ""])
def test_each_span_is_shown_with_its_figures_in_words(page: Page, queue: SceneQueue, span: str) -> None:
    """For those who do not see lines."""
    submit(queue, "a", 3)
    for lease in queue.worker.lease("c1", 2):
        queue.worker.fail("c1", lease, "BadInput", Reason("image_unreadable", {"input": "image"}), transient=False)
    fence = queue.dispatcher.acquire("test", 60) or 0
    queue.dispatcher.record_sample(fence, 2, 0.01)
    html = page.text("/over-time", params={"span": span} if span else {})
    assert html.count("<figure") == 5
    assert "image_unreadable: now 2, least 2, most 2." in html
    assert "ready: now 1, least 1, most 1." in html
    queue.dispatcher.resign("test")


def test_without_history_it_says_who_writes_it(page: Page) -> None:
    """A dispatcher."""
    assert "a dispatcher writes it while it runs" in page.text("/over-time")
