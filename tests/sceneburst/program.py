"""The command line as a program, and manifests for it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.media import Media

Run = Callable[..., subprocess.CompletedProcess[str]]


PROGRAM = [sys.executable, "-m", "sceneburst"]


def manifest(media: Media, count: int = 2, seconds: float = 0.5, **more: Any) -> Path:
    scenes: list[dict[str, Any]] = [
        {"name": f"s{index}", "image": str(media.image()), "audio": str(media.tone(f"n{index}.wav", seconds))}
        for index in range(count)
    ]
    path = media.folder / "job.json"
    path.write_text(json.dumps({"options": {"resolution": "360p"}, "scenes": scenes, **more}))
    return path


def leftovers(folder: Path) -> list[str]:
    return [str(path) for path in (folder / "t").iterdir()]
