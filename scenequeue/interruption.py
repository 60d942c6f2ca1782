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


def raise_on(
    numbers: Iterable[signal.Signals], act: Callable[[int], object], kinds: tuple[type[BaseException], ...]
) -> Callable[[], None]:
    """Let each of the signals call `act`, which raises. Main thread only; uses SIGALRM and the real timer.

    Modules with C code turn an exception that is raised while they load into one of their own, as pydantic does while it builds
    a model; importlib drops one that is raised in its clean-up.

    Args:
        numbers: the signals.
        act: raises an exception; gets the signal's number.
        kinds: types of the exceptions that it raises.

    Returns:
        A function to call when the work is done: if a signal still waits for its moment, it is sent at once, to the handler that
        it has by then.
    """
    last, is_waiting, hook = signal.SIGINT, False, sys.unraisablehook

    def wait() -> None:
        nonlocal is_waiting
        is_waiting = True
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)

    def send_again(*_: object) -> None:
        nonlocal is_waiting
        is_waiting = False
        signal.raise_signal(last)

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal last
        last = signal.Signals(number)
        if _would_be_lost(frame):
            wait()
        else:
            act(number)

    def on_unraisable(dropped: "sys.UnraisableHookArgs") -> None:
        if issubclass(dropped.exc_type, kinds):
            wait()
        else:
            hook(dropped)

    def send_waiting() -> None:
        if is_waiting:
            signal.setitimer(signal.ITIMER_REAL, 0)
            send_again()

    signal.signal(signal.SIGALRM, send_again)
    sys.unraisablehook = on_unraisable
    # At the end Python gives up its handlers, and the timer would kill the program.
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
    for number in numbers:
        signal.signal(number, handle)
    return send_waiting


def _would_be_lost(frame: FrameType | None) -> bool:
    while frame is not None:
        if any(part in frame.f_code.co_filename for part in _FRAGILE):
            return True
        frame = frame.f_back
    return False
