"""Starts a program, or says in one line why it cannot start.

Loads nothing but what Python has loaded already: it is there before all else, so that Ctrl-C is quiet from then on.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import PathFinder
from importlib.util import find_spec

#: Each extra with the modules that it brings.
EXTRAS = {
    "dispatcher": ("celery", "prometheus_client", "psutil"),
    "worker": (
        *("PIL", "av", "chardet", "cv2", "ffmpeg", "fontTools", "imageio_ffmpeg", "numpy", "psutil", "regex", "uharfbuzz"),
    ),
    "api": ("fastapi", "uvicorn"),
    "console": ("rich", "ruamel", "typer"),
}
PACKAGES = ("scenequeue", "producer", "dispatcher", "container_worker", "sceneburst")
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_USAGE = 2
_INTERRUPTED = 130
#: Programs that run until they are told to leave; to be told so is no interruption.
_SERVICES = frozenset({"dispatcher", "api"})


def start(
    program: str,
    main: Callable[[], int | None],
    extras: Sequence[str],
    packages: Sequence[str] = PACKAGES,
    *,
    serves: bool = False,
) -> int | None:
    """Run a program to its end, or say what is missing or hidden; its exit code, 2 in the latter case.

    Args:
        program: its name, for that line.
        main: loads the program, runs it and returns its exit code.
        extras: what it needs besides the base install.
        packages: those of ours that it loads.
        serves: it runs until it is told to leave.
    """
    be_quiet_when_interrupted(serves=serves)
    _open_standard_streams()
    reason = hidden(packages) or missing(extras)
    if reason:
        sys.stderr.write(f"{program}: {reason}\n")
        return _USAGE
    try:
        return main()
    finally:
        # While Python takes itself down, there is nothing left to interrupt.
        be_quiet_when_interrupted(serves=serves)


def _open_standard_streams() -> None:
    """Lead those that were closed by the caller to /dev/null: else the next file or socket takes their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115  for as long as the program runs


def require(*extras: str) -> None:
    """Make sure that extras are installed, for a command of a program that runs without them.

    Raises:
        SettingsError: one is not, or not whole.
    """
    reason = missing(extras)
    if reason:
        from scenequeue.errors import SettingsError

        raise SettingsError(reason)


def is_service(arguments: Sequence[str]) -> bool:
    """True if `sceneburst` with these arguments runs until it is told to leave."""
    return bool(arguments) and arguments[0] in _SERVICES and "--once" not in arguments


def be_quiet_when_interrupted(*, serves: bool = False) -> None:
    """Let Ctrl-C end the process at once with 130, and a service with 0, which SIGTERM does too.

    For moments in which nothing needs to be cleaned up.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: os._exit(0 if serves else _INTERRUPTED))
    if serves:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def missing(extras: Sequence[str]) -> str | None:
    """Name what these extras lack and how to install it, in one line; None if all is there."""
    lacking = {extra: found for extra in extras if (found := [name for name in EXTRAS[extra] if find_spec(name) is None])}
    if not lacking:
        return None
    names = sorted({name for found in lacking.values() for name in found})
    wanted = "all" if len(lacking) > 1 else next(iter(lacking))
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not installed: pip install 'sceneburst[{wanted}]'"


def hidden(packages: Sequence[str] = PACKAGES) -> str | None:
    """Name a foreign file that Python would import instead of a package of ours, in one line; None if there is none."""
    for name in packages:
        for found in _files_of(name):
            if not _is_ours(name, found):
                return f"{found} hides Sceneburst's own package {name!r}: rename it, or start where Python does not find it first"
    return None


def _files_of(name: str) -> list[str]:
    """The files that `import` has taken, and would take."""
    spec = PathFinder.find_spec(name)
    found = (getattr(sys.modules.get(name), "__file__", None), spec and spec.origin)
    return [file for file in found if file]


def _is_ours(name: str, file: str) -> bool:
    own = os.path.join(_ROOT, name, "__init__.py")
    return os.path.exists(file) and os.path.samefile(file, own)
