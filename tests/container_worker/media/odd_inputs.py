"""The common parts of tests with broken and unusual inputs."""

from collections.abc import Callable
from pathlib import Path

from container_worker.media.scene.worker import RenderReport
from tests.support.media import Media

#: Length of the scenes in seconds, and their frame rate.
STILL_S, FPS = 0.8, 25
#: Colours of the halves of a picture.
LEFT, RIGHT = (200, 40, 90), (30, 160, 60)

Render = Callable[..., tuple[RenderReport, Path]]


def file_of(media: Media, name: str, content: bytes | str) -> Path:
    """Write a file beside the other inputs."""
    path = media.folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
