"""Every script says in its header what it touches, takes and answers, and loads only what it uses."""

import re
from pathlib import Path

import pytest

import scenequeue
from scenequeue.structure import script_runner

_FOLDER = Path(scenequeue.__file__).with_name("scripts")
_STEPS = sorted(_FOLDER.glob("*.lua"))
_PARTS = sorted((_FOLDER / "lib").glob("*.lua"))
_DEFINED = re.compile(r"^local (?:function )?(\w+(?:, \w+)*)", re.MULTILINE)
_COUNTING = [path for path in _STEPS if {"counters", "structures"} & set(script_runner._uses(path.read_text(encoding="utf-8")))]


def _header(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n\n", 1)[0]


def _defined(part: Path) -> set[str]:
    """The names that a part brings."""
    return {name for found in _DEFINED.findall(part.read_text(encoding="utf-8")) for name in found.split(", ")}


def _code(path: Path) -> str:
    """The script without its comments and texts."""
    lines = (line.partition("--")[0] for line in path.read_text(encoding="utf-8").splitlines())
    return re.sub(r"'[^']*'", "''", "\n".join(lines))


@pytest.mark.parametrize("path", [*_STEPS, *_PARTS], ids=lambda path: path.stem)
def test_a_header_names_the_keys_of_its_script(path: Path) -> None:
    """With their types: whoever reads it knows what it touches by itself."""
    text = path.read_text(encoding="utf-8")
    named = {name for name in re.findall(r"\b(?:P|SHARED) \.\. '(\w+)", text) if name != "job"}
    named |= {f"job:<id>:{part}" for part in re.findall(r"job_key\(\w+, '(\w+)", text)}
    header = " ".join(_header(path).split())
    whole = "and its parts" in header
    missing = {name for name in named if name not in header and not (whole and name.startswith("job:"))}
    assert missing == set() or path.stem == "names"


@pytest.mark.parametrize("path", _STEPS, ids=lambda path: path.stem)
def test_a_step_says_what_it_takes_and_answers(path: Path) -> None:
    """Its arguments in order, and its answer."""
    header = _header(path)
    assert re.search(r"^-- Keys +\S", header, re.MULTILINE)
    assert re.search(r"^-- ARGV\[3", header, re.MULTILINE)
    assert re.search(r"^-- Output +\S", header, re.MULTILINE)


@pytest.mark.parametrize("path", [*_STEPS, *_PARTS], ids=lambda path: path.stem)
def test_a_script_states_exactly_the_parts_that_it_uses(path: Path) -> None:
    """None for nothing, as each costs every call of the step; none by way of another, which may cease to use it."""
    words = set(re.findall(r"(?<!\.)\b\w+", _code(path)))
    used = {part.stem for part in _PARTS if part != path and words & _defined(part)}
    assert set(script_runner._uses(_header(path))) == used


@pytest.mark.parametrize("path", _COUNTING, ids=lambda path: path.stem)
def test_finish_is_the_only_way_out_of_a_step_that_counts(path: Path) -> None:
    """Whatever it has changed in memory is written, on every way."""
    text = path.read_text(encoding="utf-8")
    outside = re.sub(r"^local function .*?^end$", "", text, flags=re.MULTILINE | re.DOTALL)
    ways_out = re.findall(r"\breturn (\w+)", outside.split("\n\n", 1)[1])
    assert ways_out
    assert set(ways_out) <= ({"finish_all"} if "structures" in script_runner._uses(text) else {"finish", "refuse"})
