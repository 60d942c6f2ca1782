"""Makes a scratch folder per item, and always removes it."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from container_worker.codes import Code
from scenequeue.errors import SettingsError
from scenequeue.reasons import Reason
from scenequeue.storages.temporary import find_temporary_folder

#: Prefix of every scratch folder's name, followed by its owner's process id.
PREFIX = "sceneburst-"
#: Folders that could not be removed, because listing a folder takes a file descriptor.
_remaining: set[Path] = set()


@contextmanager
def scratch_folder(root: Path | None = None, label: str = "item") -> Iterator[Path]:
    """Make a new, private folder, and remove it with its contents when the block ends for any reason.

    Args:
        root: the folder to make it in; None for the system's temporary folder.
        label: a word in its name, for operators.
    """
    if root is not None:
        root.mkdir(parents=True, exist_ok=True)
    word = "".join(c for c in label if c.isalnum() or c in "-_")[:40]
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{word}-", dir=root))
    try:
        yield folder
    finally:
        _remaining.add(folder)
        remove_remaining()


def remove_remaining() -> None:
    """Remove the folders of ended blocks that could not be removed then."""
    for folder in list(_remaining):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            _remaining.discard(folder)


def scratch_problem(root: Path | None = None) -> Reason | None:
    """Return the reason that no scratch folder can be made in `root`; None if one can."""
    try:
        folder = root or find_temporary_folder()
    except SettingsError as error:
        return error.reason
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return Reason(Code.FOLDER_UNWRITABLE, {"folder": str(folder), "problem": error.strerror or str(error)})


def sweep(root: Path | None = None) -> int:
    """Remove leftovers of dead processes of our user: scratch folders and probe files; return the number removed.

    Process ids are unique only on one machine: `root` must not be a folder that several machines share.
    """
    removed = 0
    for left in (root or find_temporary_folder()).glob(f"{PREFIX}*"):
        owner = left.name.removeprefix(PREFIX).split("-", 1)[0]
        if not owner.isdigit() or left.is_symlink() or _is_alive(int(owner)):
            continue
        with contextlib.suppress(FileNotFoundError):
            # Some folders of a root worker belong to the users of its children.
            if os.getuid() not in {0, left.stat().st_uid}:
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()
            removed += 1
    return removed


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A killed worker stays a zombie until its parent waits for it, which may take long.
    try:
        # The name, in parentheses, may contain any bytes.
        state = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state not in {"Z", "X"}
