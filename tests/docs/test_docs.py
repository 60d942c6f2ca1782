"""Documentation that is held against the code."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_settings_page_is_up_to_date() -> None:
    """`make docs` writes it."""
    code = "import sys; sys.path.insert(0, 'docs'); import generate_settings as g; print(g.page() == g.TARGET.read_text())"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        == "True"
    )


def test_every_key_that_scripts_use_is_documented() -> None:
    """keys.py is the one list."""
    documented = (ROOT / "scenequeue" / "keys.py").read_text()
    for script in (ROOT / "scenequeue" / "scripts").glob("*.lua"):
        for line in script.read_text().splitlines():
            for piece in line.split("P .. '")[1:]:
                name = piece.split("'")[0].rstrip(":")
                assert f"| {name}" in documented, f"{script.name} uses {name!r}"
