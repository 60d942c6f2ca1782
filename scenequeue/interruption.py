"""Turns signals into exceptions that are not lost: none while code loads, and once more where Python drops one."""

import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterable
from types import FrameType

#: Seconds after which a signal that came at a bad moment is sent again.
_AGAIN_S = 0.01
#: Parts of the names of files in whose functions an exception from outside would be lost.
_FRAGILE = ("<frozen importlib", f"{os.sep}pydantic{os.sep}")


def raise_on(numbers: Iterable[signal.Signals], act: Callable[[int], object], kinds: tuple[type[BaseException], ...]) -> None:
    """Let each of the signals call `act`, which raises. Main thread only; uses SIGALRM and the real timer.

    Modules with C code turn an exception that is raised while they load into one of their own, as pydantic does while it builds
    a model; importlib drops one that is raised in its clean-up.

    Args:
        numbers: the signals.
        act: raises an exception; gets the signal's number.
        kinds: types of the exceptions that it raises.
    """
    last, hook = signal.SIGINT, sys.unraisablehook

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal last
        last = signal.Signals(number)
        if _would_be_lost(frame):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
        else:
            act(number)

    def on_unraisable(dropped: "sys.UnraisableHookArgs") -> None:
        if issubclass(dropped.exc_type, kinds):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
        else:
            hook(dropped)

    # To whichever handler the signal has by then.
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(last))
    sys.unraisablehook = on_unraisable
    # At the end Python gives up its handlers, and the timer would kill the program.
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
    for number in numbers:
        signal.signal(number, handle)


def raise_pending() -> None:
    """Send a signal that waits for its moment now, to the handler that it has by now; call it when the work is done."""
    if signal.getitimer(signal.ITIMER_REAL)[0]:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.raise_signal(signal.SIGALRM)


def _would_be_lost(frame: FrameType | None) -> bool:
    while frame is not None:
        if any(part in frame.f_code.co_filename for part in _FRAGILE):
            return True
        frame = frame.f_back
    return False
