"""Tells from a program's exit code how it ended."""

import signal

from scenequeue.reasons import Code, Reason

#: Shells and container engines add the number of the signal to this.
_SIGNAL_BASE = 128


def ending_of(exit_code: int, *, is_explained: bool = False) -> Reason:
    """Return how a program ended, to be said after its name.

    Args:
        exit_code: its exit code; negative for a signal.
        is_explained: True if the cause of a SIGKILL is known; otherwise the kernel may have sent it for lack of memory.
    """
    if exit_code >= 0:
        return Reason(Code.EXITED, {"exit_code": exit_code})
    number = -exit_code
    code = Code.KILLED_UNEXPLAINED if number == signal.SIGKILL and not is_explained else Code.KILLED
    return Reason(code, {"signal": _signal_text(number)})


def exit_code_of_container(exit_code: int) -> int:
    """Return the exit code of a container's program: 137, as container engines say it, is -9, a SIGKILL."""
    is_signal = _SIGNAL_BASE < exit_code < _SIGNAL_BASE + signal.NSIG
    return _SIGNAL_BASE - exit_code if is_signal else exit_code


def _signal_text(number: int) -> str:
    # Of the real-time signals only the first and the last have names.
    return f"{number} ({signal.Signals(number).name})" if number in set(signal.Signals) else str(number)
