"""The memory that one child may use follows the size of its container."""

from collections.abc import Callable
from pathlib import Path

import pytest

from container_worker.sandbox import limits
from container_worker.sandbox.limits import child_memory_bytes, container_memory_bytes

_GIB = 1024**3


@pytest.mark.parametrize(
    ("setting", "container", "slots", "wanted"),
    [
        (4 * _GIB, None, 2, 4 * _GIB),
        (4 * _GIB, 16 * _GIB, 2, 4 * _GIB),
        (4 * _GIB, 6 * _GIB, 2, 3 * _GIB),
        (4 * _GIB, 4 * _GIB, 4, 2 * _GIB),
        (_GIB, 16 * _GIB, 1, _GIB),
    ],
    ids=["unknown", "a large container", "its share", "never too little to render", "the setting is the most"],
)
def test_a_child_gets_its_slots_share(setting: int, container: int | None, slots: int, wanted: int) -> None:
    """At most the setting, at least what the dearest scene takes."""
    assert child_memory_bytes(setting, container, slots) == wanted


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the files in which Linux tells the memory of container and machine."""
    files = tuple(tmp_path / name for name in ("v2", "v1"))
    monkeypatch.setattr(limits, "_CGROUP_FILES", files)
    monkeypatch.setattr(limits, "_MEMINFO", tmp_path / "meminfo")

    def system(v2: str | None = None, v1: str | None = None, meminfo: str | None = None) -> None:
        for name, text in (("v2", v2), ("v1", v1), ("meminfo", meminfo)):
            if text is not None:
                (tmp_path / name).write_text(text)

    return system


_MACHINE = "MemTotal:       16777216 kB\nMemFree:        1 kB\n"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"v2": f"{4 * _GIB}\n", "meminfo": _MACHINE}, 4 * _GIB),
        ({"v2": "max\n", "meminfo": _MACHINE}, 16 * _GIB),
        ({"v1": f"{2 * _GIB}\n", "meminfo": _MACHINE}, 2 * _GIB),
        ({"v1": "9223372036854771712\n", "meminfo": _MACHINE}, 16 * _GIB),
        ({"meminfo": _MACHINE}, 16 * _GIB),
        ({"meminfo": "nothing of use"}, None),
        ({}, None),
    ],
    ids=["limited", "not limited", "limited, version 1", "not limited, version 1", "no container", "unreadable", "no Linux"],
)
def test_the_size_of_a_container_is_its_limit_or_the_machines(
    system: Callable[..., None], files: dict[str, str], wanted: int | None
) -> None:
    """As version 2 and 1 of control groups tell it."""
    system(**files)
    assert container_memory_bytes() == wanted
