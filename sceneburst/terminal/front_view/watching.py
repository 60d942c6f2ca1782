"""Shows the front view again and again: live on a terminal, a block per change elsewhere, a line per look for programs."""

import time
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.live import Live
from rich.text import Text

from sceneburst.overview.facts import FactReader
from sceneburst.overview.overview import Overview
from sceneburst.overview.trouble import Trouble
from sceneburst.overview.troubles import unreachable
from sceneburst.overview.view import overview_of
from sceneburst.terminal.front_view.lines import broken, front_lines, front_screen, trouble_lines
from sceneburst.terminal.screen import out, print_json_line, print_lines
from scenequeue.errors import QueueUnavailable
from scenequeue.queue import SceneQueue

_LOOK_S = 1.0


def watch_queue(queue: SceneQueue, *, as_json: bool) -> None:
    """Show the front view until the caller is interrupted; while Redis does not answer, that is what is shown.

    Args:
        queue: the queue, as an operator.
        as_json: print each look as one line of JSON.
    """
    if as_json:
        for look in _looks(queue):
            print_json_line(look.to_people() if isinstance(look, Overview) else {"troubles": [look.to_people()]})
    elif out.is_terminal:
        # On a screen of its own, which the terminal takes away at the end.
        with Live(console=out, auto_refresh=False, screen=True) as live:
            for look in _looks(queue):
                live.update(Group(*_screen(look)), refresh=True)
    else:
        _print_changes(queue)


def _print_changes(queue: SceneQueue) -> None:
    shown: Sequence[object] | None = None
    for look in _looks(queue):
        if (new := _essence(look)) != shown:
            shown = new
            print_lines([*_lines(look), Text("")])


def _looks(queue: SceneQueue) -> Iterator[Overview | Trouble]:
    """Yield the view once a second; the trouble that Redis does not answer where it does not."""
    reader = FactReader(queue)
    while True:
        began_s = time.monotonic()
        try:
            yield overview_of(reader.read())
        except QueueUnavailable as error:
            yield unreachable(error.reason)
        time.sleep(max(0.0, began_s + _LOOK_S - time.monotonic()))


def _screen(look: Overview | Trouble) -> list[Text]:
    if isinstance(look, Overview):
        return front_screen(look, out.width, out.height)
    return broken(trouble_lines([look], 0), out.width)


def _lines(look: Overview | Trouble) -> list[Text]:
    return front_lines(look, None) if isinstance(look, Overview) else list(trouble_lines([look], 0))


def _essence(look: Overview | Trouble) -> Sequence[object]:
    """Return what of a look makes it worth another block: all but its times."""
    if isinstance(look, Trouble):
        return (look.key, look.problem)
    troubles = [(trouble.key, trouble.severity, trouble.title) for trouble in look.troubles]
    numbers, containers = look.numbers, look.containers
    counts = (numbers.ready, numbers.in_flight, numbers.delayed, numbers.dead, numbers.done, numbers.waiting, numbers.paused)
    return (troubles, counts, containers.running, containers.starting)
