"""Names of the pictures beside the videos: in the scratch folder of a verify, and behind the source's name in the output."""

from collections.abc import Mapping, Sequence

from scenequeue.jobs.transcode.plan import TranscodePlan

SHEET_FILE = "sprites.jpg"
SPRITES_FILE = "sprites.vtt"
POSTER_FILE = "poster.jpg"
#: Media types by ending.
MEDIA_TYPES = {".jpg": "image/jpeg", ".vtt": "text/vtt"}


def stills_of(plan: TranscodePlan) -> Mapping[str, Sequence[str]]:
    """Return the files of each kind of pictures that a plan wants; the kind is the name of their check, and their role."""
    if plan.stills is None:
        return {}
    poster = {"poster": [POSTER_FILE]} if plan.stills.has_poster else {}
    return {**poster, **({"sprites": [SHEET_FILE, SPRITES_FILE]} if plan.stills.sprite_px else {})}
