"""The house rules that can be counted: sizes of files and folders, and a true ARCHITECTURE.md."""

import re
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PRODUCT = ("scenequeue", "producer", "dispatcher", "container_worker", "sceneburst", "chaos", "benchmarks", "deploy")
MAX_LINES = 300
LONGER = {"tests/scenequeue/test_promises.py", "tests/scenequeue/test_queue.py"}
MAX_FILES_IN_FOLDER = 15


def _tracked(*folders: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in listed.splitlines() if (ROOT / line).exists()]


def _modules(*folders: str) -> list[Path]:
    return [path for path in _tracked(*(folders or _PRODUCT)) if path.suffix == ".py"]


def test_no_file_is_longer_than_300_lines() -> None:
    """A longer one has more than one subject, as a rule; each exception says its reason at its top."""
    long = {str(path) for path in _modules("*.py") if (ROOT / path).read_text(encoding="utf-8").count("\n") > MAX_LINES}
    assert long <= LONGER
    assert all("onger than 300 lines" in (ROOT / path).read_text(encoding="utf-8")[:500] for path in LONGER)


def test_no_folder_holds_more_than_15_modules() -> None:
    """A folder's listing is to be read at a glance."""
    counts = Counter(path.parent for path in _modules() if path.name != "__init__.py")
    assert {str(folder): count for folder, count in counts.items() if count > MAX_FILES_IN_FOLDER} == {}


def test_every_file_that_the_architecture_names_is_there() -> None:
    """By its path, or by the end of it."""
    paths = [f"/{path}" for path in _tracked()]
    folders = {f"{parent}/" for path in paths for parent in Path(path).parents}
    named = re.findall(
        r"`((?:\.\./)?[\w/]+(?:\.(?:py|lua|yaml|toml)|/))`", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    )
    assert len(named) > 50
    ends = {name.removeprefix("../") for name in named}
    assert not [end for end in ends if not any(place.endswith(f"/{end}") for place in (*paths, *folders))]
