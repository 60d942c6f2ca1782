"""A folder or a file under a root is swapped for a link out of it, just between being checked and being opened."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scenequeue.errors import ObjectNotFound, StorageDenied
from scenequeue.storages import atomic
from scenequeue.storages.atomic import atomic_write
from scenequeue.storages.files import FileStorage, file_uri
from scenequeue.storages.folder_descriptors import open_folder

Swap = Callable[[Path], None]


class SwappedStorage(FileStorage):
    """Lets something happen after every check."""

    def __init__(self, root: Path, swap: Callable[[], None]) -> None:
        super().__init__([root])
        self._swap = swap

    def _checked(self, uri: str) -> tuple[Path, Path]:
        found = super()._checked(uri)
        self._swap()
        return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with one file, and a secret beside it of the same name."""
    for folder, text in (("root/a/b", "public"), ("outside/b", "secret")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "f").write_text(text)
    return tmp_path / "root"


def _swap_folder(root: Path) -> None:
    (root / "a").rename(root / "was")
    (root / "a").symlink_to(root.parent / "outside")


def _swap_last_folder(root: Path) -> None:
    (root / "a" / "b").rename(root / "was")
    (root / "a" / "b").symlink_to(root.parent / "outside" / "b")


def _swap_file(root: Path) -> None:
    (root / "a" / "b" / "f").unlink()
    (root / "a" / "b" / "f").symlink_to(root.parent / "outside" / "b" / "f")


SWAPS = [_swap_folder, _swap_last_folder, _swap_file]


@pytest.mark.parametrize("swap", SWAPS)
def test_nothing_outside_is_read(root: Path, tmp_path: Path, swap: Swap) -> None:
    """Neither its content nor its size."""
    target = tmp_path / "target"
    with pytest.raises(StorageDenied):
        SwappedStorage(root, lambda: swap(root)).get(file_uri(root / "a/b/f"), target, max_bytes=100)
    assert not target.exists()


@pytest.mark.parametrize("swap", SWAPS)
def test_nothing_outside_is_looked_at(root: Path, swap: Swap) -> None:
    """Not even whether it is there."""
    with pytest.raises(StorageDenied):
        SwappedStorage(root, lambda: swap(root)).stat(file_uri(root / "a/b/f"))


@pytest.mark.parametrize("swap", SWAPS)
def test_nothing_outside_is_written(root: Path, tmp_path: Path, swap: Swap) -> None:
    """A link in the file's place is replaced, one in a folder's is refused."""
    source = tmp_path / "source"
    source.write_text("new")
    storage = SwappedStorage(root, lambda: swap(root))
    if swap is _swap_file:
        storage.put(source, file_uri(root / "a/b/f"), metadata={}, content_type="text/plain")
        assert (root / "a/b/f").read_text() == "new"
    else:
        with pytest.raises(StorageDenied):
            storage.put(source, file_uri(root / "a/b/f"), metadata={}, content_type="text/plain")
    assert [(path.name, path.read_text()) for path in (tmp_path / "outside/b").iterdir()] == [("f", "secret")]


@pytest.mark.parametrize("folder", ["a/b", "a/b/new", "a/new/new"])
def test_no_folder_outside_is_made_or_tried(root: Path, tmp_path: Path, folder: str) -> None:
    """The check for write access leaves nothing outside the root either."""
    with pytest.raises(StorageDenied):
        SwappedStorage(root, lambda: _swap_folder(root)).check_writable(file_uri(root / folder))
    assert [path.name for path in (tmp_path / "outside").rglob("*")] == ["b", "f"]


def test_a_folder_that_is_held_open_stays_the_same_wherever_its_name_leads(root: Path) -> None:
    """Reads and writes go to the folder that was opened, not to the one that now has its name."""
    with open_folder(root, root / "a" / "b") as folder:
        _swap_folder(root)
        assert (folder / "f").read_text() == "public"
        (folder / "new").write_text("new")
    assert (root / "was/b/new").read_text() == "new"
    assert not (root.parent / "outside/b/new").exists()


def test_a_link_in_the_place_of_a_half_written_file_is_not_written_to(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is known beforehand, but only its descriptor is used."""
    secret = root.parent / "outside" / "b" / "f"
    with pytest.raises(RuntimeError), atomic_write(root / "film.mp4") as copy:  # noqa: PT012  the block is what fails
        [part] = root.glob(".*.part")
        part.unlink()
        part.symlink_to(secret)
        copy.write_text("frames")
        raise RuntimeError
    assert secret.read_text() == "secret"
    monkeypatch.setattr(atomic, "_open_locked", lambda _path: None)
    with atomic_write(root / "film.mp4") as copy:
        copy.write_text("frames")
    assert (root / "film.mp4").read_text() == "frames"


def test_links_that_stay_beneath_a_root_are_followed_as_before(root: Path, tmp_path: Path) -> None:
    """They are settled when the address is checked."""
    (root / "link").symlink_to(root / "a")
    storage = FileStorage([root])
    assert storage.get(file_uri(root / "link/b/f"), tmp_path / "target", max_bytes=100).bytes == len("public")
    with pytest.raises(ObjectNotFound):
        storage.get(file_uri(root / "a/b/f/below-a-file"), tmp_path / "target", max_bytes=100)


def test_a_root_may_be_a_single_file_and_one_that_is_missing_is_made(root: Path, tmp_path: Path) -> None:
    """As operators write them."""
    assert FileStorage([root / "a/b/f"]).get(file_uri(root / "a/b/f"), tmp_path / "target", max_bytes=100).bytes == len("public")
    (tmp_path / "source").write_text("new")
    new = tmp_path / "to" / "come"
    FileStorage([new]).put(tmp_path / "source", file_uri(new / "x/y"), metadata={"a": "b"}, content_type="text/plain")
    stored = FileStorage([new]).stat(file_uri(new / "x/y"))
    assert stored is not None
    assert stored.metadata["a"] == "b"
