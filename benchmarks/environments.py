"""Virtual environments for the baselines: one each, so that their versions do not mix with ours."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENVS = ROOT / "benchmarks" / ".venvs"


def python_with(name: str, requirements: Sequence[str]) -> str:
    """Return the interpreter of an environment, which is built if it is missing or its requirements have changed."""
    folder = VENVS / name
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text().splitlines() != list(requirements):
        print(f"{name}: building its environment", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, stdout=subprocess.DEVNULL)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements], check=True, stdout=sys.stderr)
        stamp.write_text("\n".join(requirements))
    return str(python)
