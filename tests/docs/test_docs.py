"""Documentation that is held against the code."""

import re
import subprocess
import sys
from pathlib import Path

from container_worker.media import defaults
from producer import durations

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
    documented = (ROOT / "scenequeue" / "structure" / "keys.py").read_text()
    for script in (ROOT / "scenequeue" / "scripts").glob("*.lua"):
        for line in script.read_text().splitlines():
            for piece in line.split("P .. '")[1:]:
                name = piece.split("'")[0].rstrip(":")
                assert f"| {name}" in documented, f"{script.name} uses {name!r}"


def test_formats_and_limits_of_inputs_are_documented() -> None:
    """Every format that is read, and every limit that refuses an input, as the renderer has them."""
    page = (ROOT / "docs" / "enqueueing.md").read_text()
    pictures = {"WEBP": "WebP"}
    for name in (*defaults.AUDIO_NAMES, *(pictures.get(form, form) for form in defaults.PICTURE_FORMATS)):
        assert re.search(rf"\b{name}\b", page), name
    for limit in (
        f"at most {defaults.MAX_NARRATION_S / 3600:g} hours", f"at least {defaults.MIN_MUSIC_S:g} s",
        f"{defaults.MAX_PICTURE_PX // 10**6} megapixels", f"{defaults.MAX_SUBTITLE_BYTES // 2**20} MiB",
        f"{defaults.MAX_CUES:,} cues of {defaults.MAX_CUE_CHARS:,} characters", f"{durations._BYTES_PER_S:,} bytes a second",
    ):  # fmt: skip
        assert limit in page, limit
    assert durations.MAX_LENGTH_S == defaults.MAX_NARRATION_S
