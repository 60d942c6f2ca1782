"""Starts a program, or prints the reason why it cannot start in one line.

Imports only modules that Python has already loaded, as it must run first: from then on Ctrl-C prints no traceback.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import PathFinder
from importlib.util import find_spec

TYPE_CHECKING = False  # typing may not be loaded
if TYPE_CHECKING:
    from scenequeue.reasons import Reason

#: The modules that each extra installs.
EXTRAS = {
    "dispatcher": ("celery", "prometheus_client", "psutil"),
    "worker": (
        *("PIL", "av", "chardet", "cv2", "ffmpeg", "fontTools", "imageio_ffmpeg", "numpy", "psutil", "regex", "uharfbuzz"),
    ),
    "api": ("fastapi", "uvicorn"),
    "page": ("fastapi", "jinja2", "uvicorn"),
    "console": ("rich", "ruamel", "typer"),
}
PACKAGES = ("scenequeue", "producer", "dispatcher", "container_worker", "sceneburst")
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_USAGE = 2
_INTERRUPTED = 130
#: Programs that run until they are stopped; for them SIGINT is a normal end.
_SERVICES = frozenset({"dispatcher", "api", "page"})


def start(
    program: str,
    main: Callable[[], int | None],
    extras: Sequence[str],
    packages: Sequence[str] = PACKAGES,
    *,
    serves: bool = False,
) -> int | None:
    """Run a program and return its exit code; if a package is missing or hidden, print that and return 2.

    Args:
        program: its name, for the message.
        main: imports and runs the program, and returns its exit code.
        extras: the extras that it needs.
        packages: our packages that it imports.
        serves: True if it runs until it is stopped.
    """
    exit_quietly_on_interrupt(serves=serves)
    _open_standard_streams()
    reason = find_hiding_file(packages)
    if reason is None and (missing := find_missing(extras)):
        reason = missing.text
    if reason:
        # In one line, though a file's name may hold line ends.
        printable = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in reason)
        sys.stderr.write(f"{program}: {printable}\n")
        return _USAGE
    try:
        return main()
    finally:
        # No traceback for Ctrl-C while Python shuts down.
        exit_quietly_on_interrupt(serves=serves)


def _open_standard_streams() -> None:
    """Open those that the caller has closed on /dev/null; else the next file or socket would get their numbers."""
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
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115  open until the program ends


def require(*extras: str) -> None:
    """Check that extras are installed, for a single command of a program that runs without them.

    Raises:
        SettingsError: a module of one is missing.
    """
    reason = find_missing(extras)
    if reason:
        from scenequeue.errors import SettingsError

        raise SettingsError(reason)


def is_service(arguments: Sequence[str]) -> bool:
    """Return True if `sceneburst` with these arguments runs until it is stopped."""
    return bool(arguments) and arguments[0] in _SERVICES and "--once" not in arguments


def exit_quietly_on_interrupt(*, serves: bool = False) -> None:
    """Let SIGINT end the process at once with exit code 130. A service ends with 0, on SIGTERM too.

    Only for phases in which there is nothing to clean up.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: os._exit(0 if serves else _INTERRUPTED))
    if serves:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def find_missing(extras: Sequence[str]) -> "Reason | None":
    """Return the missing modules of these extras with the command that installs them; None if none is missing."""
    lacking = {extra: found for extra in extras if (found := [name for name in EXTRAS[extra] if find_spec(name) is None])}
    if not lacking:
        return None
    names = sorted({name for found in lacking.values() for name in found})
    wanted = "all" if len(lacking) > 1 else next(iter(lacking))
    from scenequeue.reasons import Code, Reason

    return Reason(Code.MODULES_MISSING, {"modules": ", ".join(names), "count": len(names), "extra": wanted})


def find_hiding_file(packages: Sequence[str] = PACKAGES) -> str | None:
    """Return a line that names a foreign file which Python imports instead of our package; None if there is none.

    A sentence and no code: the words may be in the package that it hides.
    """
    for name in packages:
        for found in _files_of(name):
            if not _is_ours(name, found):
                return f"{found} hides Sceneburst's own package {name!r}: rename it, or start where Python does not find it first"
    return None


def _files_of(name: str) -> list[str]:
    """Return the file that was imported under this name, and the file that an import would find."""
    spec = PathFinder.find_spec(name)
    found = (getattr(sys.modules.get(name), "__file__", None), spec and spec.origin)
    return [file for file in found if file]


def _is_ours(name: str, file: str) -> bool:
    own = os.path.join(_ROOT, name, "__init__.py")
    return os.path.exists(file) and os.path.samefile(file, own)
