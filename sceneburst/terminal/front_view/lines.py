"""Writes the front view for a terminal or a log: troubles first, then money, numbers, containers and decisions."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from rich.cells import chop_cells
from rich.text import Text

from sceneburst.counted import counted
from sceneburst.overview.circumstances import age, circumstances_of
from sceneburst.overview.overview import Containers, Money, Numbers, Overview
from sceneburst.overview.trouble import Severity, Trouble
from sceneburst.terminal.front_view.outcomes import outcomes
from sceneburst.terminal.screen import breaks_lines, cell_text, out, print_lines
from sceneburst.terminal.sheet import INDENT, wrapped
from scenequeue.published.decision import Decision
from scenequeue.reasons import Reason

_LOOK = {Severity.STOPS: "bold red", Severity.FAILS: "bold yellow", Severity.THREATENS: "bold"}
#: Troubles and decisions that a terminal shows; the numbers beneath are to stay on it.
_TROUBLES, _DECISIONS = 8, 5
#: Longest reason: a message of S3 or ffmpeg may have thousands of characters.
_REASON_CHARACTERS = 300


def front_lines(view: Overview, width: int | None) -> list[Text]:
    """Return the view in lines.

    Args:
        view: what to show.
        width: number of columns, beyond which lines are broken between words; None breaks none, for a file or a pipe.
    """
    return broken([*trouble_lines(view.troubles, view.at_ms), Text(""), *_facts(view), *_decisions(view)], width)


def front_screen(view: Overview, width: int, height: int) -> list[Text]:
    """Return as much of the view as a screen has room for: money and numbers, then the worst troubles, then decisions.

    Words longer than a line are broken too, as a screen cuts off whatever does not fit.
    """
    facts = [Text(""), *_folded(_facts(view), width)]
    shown: list[Text] = []
    blocks = [_folded(trouble_lines([trouble], view.at_ms), width) for trouble in view.troubles]
    for number, block in enumerate(blocks):
        is_last = number == len(blocks) - 1
        if shown and len(shown) + len(block) + len(facts) + (not is_last) > height:
            shown.append(_more(len(blocks) - number))
            break
        shown += block
    if not blocks:
        shown = list(trouble_lines([], view.at_ms))
    return [*shown, *facts, *_folded(_decisions(view), width)]


def print_troubles(troubles: Sequence[Trouble], now_ms: int) -> None:
    """Print the troubles, as other parts of a result are printed."""
    print_lines(broken(trouble_lines(troubles, now_ms), out.width if breaks_lines(out) else None))


def broken(lines: Iterable[Text], width: int | None) -> list[Text]:
    """Break lines between words; see `front_lines`."""
    if width is None:
        return list(lines)
    return [part for line in lines for part in wrapped(line, width, rest=_indent_of(line))]


def _folded(lines: Iterable[Text], width: int) -> list[Text]:
    """Break lines between words, and words that are longer than a line."""
    found: list[Text] = []
    for line in broken(lines, width):
        ends = list(accumulate(len(part) for part in chop_cells(line.plain, width)))[:-1]
        found += line.divide(ends) if ends else [line]
    return found


def _indent_of(line: Text) -> str:
    return INDENT + INDENT if line.plain.startswith(INDENT) else INDENT


def trouble_lines(troubles: Sequence[Trouble], now_ms: int) -> Iterator[Text]:
    """Yield the troubles: each with its facts, what is wrong, and what to do."""
    if not troubles:
        yield Text("no trouble", style="green")
    for trouble in troubles[:_TROUBLES]:
        facts = " · ".join(reason.text for reason in circumstances_of(trouble, now_ms))
        title = Text(cell_text(trouble.title.text), style=_LOOK[trouble.severity])
        yield Text.assemble(title, (f"  {facts}", "dim")) if facts else title
        yield Text(f"{INDENT}{_cut(trouble.problem)}")
        yield Text(f"{INDENT}→ {_cut(trouble.remedy)}", style="cyan")
    if len(troubles) > _TROUBLES:
        yield _more(len(troubles) - _TROUBLES)


def _more(troubles: int) -> Text:
    return Text(f"… and {counted(troubles, 'more trouble')}", style="dim")


def _cut(reason: Reason) -> str:
    text = cell_text(reason.text)
    return text if len(text) <= _REASON_CHARACTERS else f"{text[:_REASON_CHARACTERS]}…"


def _facts(view: Overview) -> Iterator[Text]:
    yield Text(_money(view.money))
    yield Text(_numbers(view.numbers))
    yield Text(_containers(view.containers, view.at_ms))


def _decisions(view: Overview) -> Iterator[Text]:
    for decision in view.decisions[:_DECISIONS]:
        yield Text(_decision(decision, view.at_ms), style="dim")


def _money(money: Money) -> str:
    per_hour = "dollars an hour unknown" if money.usd_per_hour is None else f"${money.usd_per_hour:.2f} an hour"
    budget = "" if money.budget_usd_per_hour is None else f" of ${money.budget_usd_per_hour:.2f}"
    parts = [per_hour + budget]
    if money.usd_today is not None:
        parts.append(f"${money.usd_today:.2f} today")
    if money.usd_per_item is not None:
        usual = "" if money.usual_usd_per_item is None else f" (usual ${money.usual_usd_per_item:.4f})"
        parts.append(f"${money.usd_per_item:.4f} an item{usual}")
    if money.done_at_ms is not None:
        parts.append(f"done about {time.strftime('%H:%M', time.localtime(money.done_at_ms / 1000))}")
    elif money.unknown is not None:
        parts.append(f"done: {money.unknown.text}")
    return " · ".join(parts)


def _numbers(numbers: Numbers) -> str:
    oldest = "" if numbers.oldest_s is None else f" (oldest {age(numbers.oldest_s * 1000).text})"
    parts = [f"ready {numbers.ready:,}{oldest}"]
    parts += [f"of them paused {numbers.paused:,}"] if numbers.paused else []
    parts += [f"in flight {numbers.in_flight:,}", f"delayed {numbers.delayed:,}", f"dead {numbers.dead:,}"]
    parts += [f"later stages {numbers.waiting:,}"] if numbers.waiting else []
    parts += [f"done {numbers.done:,}"]
    parts += [] if numbers.done_last_minute is None else [f"{numbers.done_last_minute:,}/min"]
    return " · ".join(parts)


def _containers(containers: Containers, now_ms: int) -> str:
    most = "" if containers.most is None else f" of {containers.most}"
    said = f"containers: {containers.running} running, {containers.starting} starting{most}"
    if containers.why is None:
        return said
    when = "" if containers.why_ms is None else f" ({age(now_ms - containers.why_ms).text} ago)"
    return f"{said}: {_cut(containers.why)}{when}"


def _decision(decision: Decision, now_ms: int) -> str:
    fates = "; ".join(map(cell_text, outcomes(decision)))
    ended = f" [{fates}]" if fates else ""
    return f"{INDENT}{age(now_ms - decision.at_ms).text} ago: {_cut(decision.why)}{ended}"
