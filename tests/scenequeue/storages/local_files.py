"""Local files for tests of storages."""

from pathlib import Path


def file_of(folder: Path, content: bytes = b"hello", name: str = "source") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
