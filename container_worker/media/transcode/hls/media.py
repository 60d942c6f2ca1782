"""Lists the files of a ladder, which the plan determines: renditions, sounds and subtitles."""

from typing import NamedTuple

from scenequeue.jobs.transcode.plan import Rendition, TranscodePlan
from scenequeue.jobs.transcode.source import Captions, Track


class Picture(NamedTuple):
    """The file of a rendition, without sound."""

    name: str
    rendition: Rendition


class Sound(NamedTuple):
    """The file of a sound, which all renditions share."""

    name: str
    track: Track


class Text(NamedTuple):
    """A WebVTT file, which all renditions share."""

    name: str
    captions: Captions


def pictures_of(plan: TranscodePlan) -> list[Picture]:
    """Return the renditions."""
    return [Picture(rendition.name, rendition) for rendition in plan.renditions]


def sounds_of(plan: TranscodePlan) -> list[Sound]:
    """Return the sounds, in the plan's order."""
    tracks = [track for track in plan.tracks if track.type == "audio"]
    return [Sound(f"audio-{number}", track) for number, track in enumerate(tracks, 1)]


def texts_of(plan: TranscodePlan) -> list[Text]:
    """Return the subtitles of the ladder, if one is made."""
    return [Text(f"subtitles-{captions.name}", captions) for captions in plan.captions] if plan.hls else []


def media_of(plan: TranscodePlan) -> "list[Picture | Sound]":
    """Return everything that is packaged as fragmented MP4; nothing if no ladder is made."""
    return [*pictures_of(plan), *sounds_of(plan)] if plan.hls else []


def ladder_folder(plan: TranscodePlan) -> str:
    """Return the address of the folder of the final files, without a final slash."""
    return plan.beside("-hls")


def master_address(plan: TranscodePlan) -> str:
    """Return the final address of the master playlist."""
    folder = ladder_folder(plan)
    return f"{folder}/{folder.rpartition('/')[2].removesuffix('-hls')}.m3u8"
