"""Documentation that is held against the code."""

import re
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from container_worker.media import defaults
from producer import durations
from sceneburst.terminal.report import report_table
from scenequeue.reasons import Code, Reason

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
        f"at most {defaults.MAX_SOUND_S / 3600:g} hours", f"at least {defaults.MIN_MUSIC_S:g} s",
        f"{defaults.MAX_PICTURE_PX // 10**6} megapixels", f"{defaults.MAX_SUBTITLE_BYTES // 2**20} MiB",
        f"{defaults.MAX_CUES:,} cues of {defaults.MAX_CUE_CHARS:,} characters", f"{durations._BYTES_PER_S:,} bytes a second",
    ):  # fmt: skip
        assert limit in page, limit
    assert durations.MAX_LENGTH_S == defaults.MAX_SOUND_S


def test_the_sample_of_the_demo_is_what_render_prints() -> None:
    """Its table, column by column, for the scenes of the example job; its numbers are of one run."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = page[page.index("\nscene   ") + 1 : page.index("\n\n7 of 8 scenes")].splitlines()
    scenes = []
    for line in lines[1:]:
        name, state, length, size, render, container, attempts, *reason = re.split(r" {2,}", line.strip())
        assert re.fullmatch(r"c\d{13}-[0-9a-f]{8}", container), container
        numbers = {"duration_s": _number(length), "bytes": _number(size, 1024), "processing_s": _number(render)}
        told = {"container": container, "attempts": attempts, "error": "".join(reason)}
        scenes.append({"name": name, "state": state, **numbers, **told})
    assert [line.plain for line in report_table({"scenes": scenes}, []).plain_lines()] == lines
    job = YAML(typ="safe").load((ROOT / "examples" / "demo.yaml").read_text(encoding="utf-8"))
    assert [scene["name"] for scene in scenes] == [scene["name"] for scene in job["scenes"]]
    missing = Reason(Code.FILE_MISSING, {"uri": "file:///…/nobody-recorded-this.mp3"})
    assert scenes[-1]["error"] == f"ObjectNotFound: audio: {missing.text}"
    assert f"\nfailed  lost-narration: {scenes[-1]['error']}\n" in page


def _number(text: str, unit: int = 1) -> float | None:
    return None if text == "–" else float(text.split()[0]) * unit
