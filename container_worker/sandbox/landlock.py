"""Lists the files a child may read and write, as Landlock rules that `confine.py` applies."""

import os
import sys
import sysconfig
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

# Access rights of linux/landlock.h.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = 1, 2, 4, 8, 16, 32
_MAKE_DIR, _MAKE_REG, _MAKE_SYM, _REFER, _TRUNCATE = 1 << 7, 1 << 8, 1 << 12, 1 << 13, 1 << 14
_READ = _READ_FILE | _READ_DIR
_RUN = _READ | _EXECUTE
_OWN = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _REFER | _TRUNCATE

#: Folders of programs and libraries; everything in them may be read and run.
_PROGRAMS = ("/usr", "/lib", "/lib64", "/bin", "/nix/store", "/gnu/store")
#: Files that the loader, the C library, OpenSSL, OpenCV and the encoders read as they start.
_READ_ALWAYS = (
    *("/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/fonts"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory"),
    *("/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm/transparent_hugepage"),
    *("/dev/urandom", "/dev/random", "/dev/zero"),
)  # fmt: skip
_READ_AND_WRITE = ("/dev/null",)
#: Packages of ours that a child imports.
_PACKAGES = ("container_worker", "scenequeue")
#: Parts of an installation prefix that belong to programs.
_PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")


def rules_for(folder: Path, readable: Sequence[Path], programs: Sequence[Path]) -> list[str]:
    """List the files a child may use, as `RIGHTS:PATH`; all others are refused.

    Args:
        folder: its own; it may read, write, make and remove files there, but run nothing.
        readable: its inputs elsewhere.
        programs: what it may run besides the system's, each with what lies in its `bin` and the `lib` beside that; outside of
            a `bin`, only the file itself and the libraries in its folder.
    """
    runnable = [path for program in programs for place in {program, program.resolve()} for path in _installed_with(place)]
    libraries = [Path(entry) for entry in os.environ.get("LD_LIBRARY_PATH", "").split(":") if entry.startswith("/")]
    runnable += [path for place in libraries for path in _narrowed(place)]
    given = [(_RUN, path) for path in runnable] + [(_READ, path) for path in readable] + [(_OWN, folder)]
    return [*_always(), *(f"{rights}:{path}" for rights, path in given)]


def _installed_with(program: Path) -> list[Path]:
    """Return the paths of a program and its libraries."""
    place = program.parent
    if place.name != "bin":
        return [program, *place.glob("*.so*")]
    return [place, place.parent / "lib", place.parent / "lib64"]


def _narrowed(folder: Path) -> list[Path]:
    """Return the folder, or only its program folders if the user's home lies in it."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  Path.home() raises for a user without one
    if folder == Path("/") or home.resolve().is_relative_to(folder.resolve()):
        return [folder / name for name in _PARTS]
    return [folder]


@lru_cache(maxsize=1)
def _always() -> list[str]:
    """Return the rules that every child needs, those of the interpreter and of our packages included."""
    package_root = Path(__file__).resolve().parents[2]
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sysconfig.get_paths().values()}
    interpreter = {str(path) for prefix in prefixes for path in _narrowed(Path(prefix))}
    # Not all of sys.path, which may hold folders of users' own files.
    libraries = [entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"}]
    runnable = [*_PROGRAMS, *sorted(interpreter), *libraries, *(str(package_root / name) for name in _PACKAGES)]
    # The import system lists this folder to find the packages.
    rules = [(_RUN, path) for path in runnable] + [(_READ_DIR, str(package_root))]
    rules += [(_READ, path) for path in _READ_ALWAYS] + [(_READ | _WRITE_FILE, path) for path in _READ_AND_WRITE]
    return [f"{rights}:{path}" for rights, path in rules]
