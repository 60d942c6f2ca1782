"""Checks poster and sprite sheet as they were written: each picture against the source's frame, each cue against its time."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from container_worker.codes import Code
from container_worker.media.subtitles.webvtt_reader import is_webvtt, webvtt_cues
from container_worker.media.transcode.encode.filters import colour_tags
from container_worker.media.transcode.signatures import Signature
from container_worker.media.transcode.stills.file_names import SHEET_FILE, SPRITES_FILE
from container_worker.media.transcode.stills.luma import assumed_matrix, level_difference, likeness
from container_worker.media.transcode.verify.outcome import failed, passed
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.jobs.transcode.verification import Check

if TYPE_CHECKING:
    from PIL.Image import Image

POSTER, SPRITES = "poster", "sprites"
#: Largest difference of a picture, in levels of 255, as of a frame.
_MAX_DIFFERENCE = 12.0
#: Least likeness of a picture whose levels were changed on purpose, or are not known: HDR that became SDR.
_LEAST_LIKENESS = 0.7
_PART = re.compile(r"([^#]+)#xywh=(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})")


def check_poster(plan: TranscodePlan, path: Path, signature: Signature | None) -> Check:
    """Check a poster's size, and that it shows its frame.

    Args:
        plan: of the source.
        path: the file.
        signature: of its frame; None if there is none.
    """
    from PIL import Image

    largest = plan.renditions[0]
    size = (largest.width, largest.height)
    try:
        with Image.open(path, formats=["JPEG"]) as picture:
            if picture.size != size:
                return failed(POSTER, largest.name, Code.STILL_OF_OTHER_SIZE, width_px=picture.width, height_px=picture.height)
            wrong = _wrongness(plan, picture, signature)
    except OSError:
        return failed(POSTER, largest.name, Code.STILL_UNREADABLE)
    if wrong > 1:
        return failed(POSTER, largest.name, Code.POSTER_FOREIGN)
    return passed(POSTER, largest.name, Code.POSTER_AS_SOURCE, width_px=size[0], height_px=size[1])


def check_sprites(
    plan: TranscodePlan, folder: Path, sheet_name: str, times_ms: Sequence[int], signatures: Sequence[Signature | None]
) -> Check:
    """Check that the cues cover the whole video, and that the part of the sheet that each names shows the frame of its time.

    Args:
        plan: of the source.
        folder: has both files.
        sheet_name: final name of the sheet.
        times_ms: begin of each picture's span, and the end of the last one.
        signatures: of the pictures' frames.
    """
    from PIL import Image

    rendition = plan.renditions[0].name
    assert plan.stills is not None
    text = (folder / SPRITES_FILE).read_bytes().decode("utf-8", errors="replace")
    cues, unreadable = webvtt_cues(text) if is_webvtt(text) else ([], 1)
    spans = [(round(1000 * cue.start_s), round(1000 * cue.end_s)) for cue in cues]
    if unreadable or spans != list(pairwise(times_ms)):
        return failed(SPRITES, rendition, Code.SPRITES_TIMES_DIFFER, found=len(cues), planned=len(signatures))
    places = set[tuple[int, ...]]()
    try:
        with Image.open(folder / SHEET_FILE, formats=["JPEG"]) as sheet:
            for number, (cue, signature) in enumerate(zip(cues, signatures, strict=True)):
                box = _part_of(cue.text, sheet_name, sheet.size)
                if box is None or (box[2] - box[0], box[3] - box[1]) != plan.stills.sprite_px or box in places:
                    return failed(SPRITES, rendition, Code.SPRITE_MISPLACED, picture=number + 1)
                places.add(box)
                if _wrongness(plan, sheet.crop(box), signature) > 1:
                    return failed(SPRITES, rendition, Code.SPRITE_FOREIGN, picture=number + 1)
    except OSError:
        return failed(SPRITES, rendition, Code.STILL_UNREADABLE)
    return passed(SPRITES, rendition, Code.SPRITES_AS_SOURCE, pictures=len(signatures))


def _part_of(text: str, sheet_name: str, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return the box (left, upper, right, lower) that a cue names; None if it is not within the sheet."""
    found = _PART.fullmatch(text)
    if found is None or unquote(found[1]) != sheet_name:
        return None
    x, y, width, height = (int(each) for each in found.groups()[1:])
    return (x, y, x + width, y + height) if x + width <= size[0] and y + height <= size[1] else None


def _wrongness(plan: TranscodePlan, picture: "Image", signature: Signature | None) -> float:
    """Return how far a picture is from the source's frame; beyond 1 it shows something else."""
    if signature is None:
        return 0.0
    assert plan.stills is not None
    if plan.stills.tone_map is None:
        tags = colour_tags(plan.picture, plan.tone_map)
        is_full = tags["range"] == "pc" or (tags["range"] is None and plan.picture.pix_fmt.startswith("yuvj"))
        matrix = tags["colorspace"] or assumed_matrix(plan.picture)
        difference = level_difference(picture, signature, matrix, is_full_range=is_full)
        if difference is not None:
            return difference / _MAX_DIFFERENCE
    return (1 - likeness(picture, signature)) / (1 - _LEAST_LIKENESS)
