"""Descriptions of sources, as a child would give them."""

from typing import Any

from container_worker.media.transcode.probing.facts import SourceFacts, StreamFacts
from scenequeue.jobs.transcode.source import Picture


def picture(**changes: Any) -> Picture:
    """A picture of full HD at 25 frames a second."""
    facts: dict[str, Any] = {
        "index": 0, "codec": "h264", "width": 1920, "height": 1080, "pix_fmt": "yuv420p", "time_base": (1, 1000),
        "frame_rate": (25, 1), **changes,
    }  # fmt: skip
    return Picture(**facts)


def stream(index: int, kind: str, codec: str, **changes: Any) -> StreamFacts:
    """A stream beside the picture."""
    return StreamFacts.model_validate({"index": index, "type": kind, "codec": codec, **changes})


def source(form: str = "mov", **changes: Any) -> SourceFacts:
    """An MP4 of such a picture."""
    return SourceFacts.model_validate({"format": form, "picture": picture(), **changes})
