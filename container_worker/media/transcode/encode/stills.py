"""Describes the filters and the outputs of the frames that become pictures: small ones of a sprite sheet, and posters."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from container_worker.media.transcode.encode.keyframes import one_of
from container_worker.media.transcode.encode.tone_mapping import tone_map_filters
from scenequeue.jobs.transcode.plan import Rendition, Segment, Stills
from scenequeue.jobs.transcode.source import Picture

#: Names of the files in the scratch folder, by the number of the picture from 1 on.
SPRITE_FILE, POSTER_FILE = "sprite-{}.jpg", "poster-{}.jpg"
#: ffmpeg's scale of the quality of a JPEG, 2 is the best: the sheet is encoded once more.
_SPRITE_QUALITY, _POSTER_QUALITY = 2, 3


class StillOutput(NamedTuple):
    """One kind of pictures of a segment."""

    #: End of the filter graph.
    pad: str
    file: str
    #: Positions within the segment, ascending.
    positions: Sequence[int]
    size: tuple[int, int]
    quality: int


def still_outputs(segment: Segment, stills: Stills | None, largest: Rendition) -> Iterator[StillOutput]:
    """Yield the kinds of pictures that a segment has."""
    if stills and segment.sprites and stills.sprite_px:
        yield StillOutput("sprites", SPRITE_FILE, segment.sprites, stills.sprite_px, _SPRITE_QUALITY)
    if stills and segment.posters and stills.has_poster:
        yield StillOutput("posters", POSTER_FILE, segment.posters, (largest.width, largest.height), _POSTER_QUALITY)


def chosen_frames(outputs: Sequence[StillOutput]) -> str:
    """Return the filter that lets pass the frames of a segment that become pictures."""
    return f"select='{one_of(_all(outputs))}'"


def still_chains(entry: str, picture: Picture, outputs: Sequence[StillOutput], stills: Stills, matrix: str | None) -> list[str]:
    """Return the chains from the chosen frames to their pictures.

    Args:
        entry: begins them; ends with the chosen frames of the largest rendition.
        picture: the source's stream.
        outputs: at least one.
        stills: of the plan.
        matrix: of frames that do not say their own; None if they do.
    """
    chosen = _all(outputs)
    given = f":in_color_matrix={matrix}" if matrix and not stills.tone_map else ""
    chains = [f"{entry},split={len(outputs)}{''.join(f'[chosen-{each.pad}]' for each in outputs)}"]
    for each in outputs:
        width, height = each.size
        filters = [f"select='{one_of([chosen.index(position) for position in each.positions])}'"]
        scale = f"scale=w={width}:h={height}:flags=bicubic"
        if stills.tone_map:
            filters += [scale, *tone_map_filters(picture, stills.tone_map, is_converted=False)]
        # As JPEG's readers expect it.
        filters += [
            f"{scale}{given}:out_color_matrix=bt601:out_range=pc", "format=pix_fmts=yuvj420p",
            "setsar=sar=1",
        ]  # fmt: skip
        chains.append(f"[chosen-{each.pad}]{','.join(filters)}[{each.pad}]")
    return chains


def still_arguments(outputs: Sequence[StillOutput]) -> list[str]:
    """Return the arguments of ffmpeg that write the pictures, each to a file."""
    arguments = []
    for each in outputs:
        arguments += [
            "-map", f"[{each.pad}]", "-fps_mode:v", "passthrough", "-c:v", "mjpeg", "-threads", "1", "-q:v", str(each.quality),
            "-flags", "+bitexact", "-f", "image2", f"file:{each.file.format('%d')}",
        ]  # fmt: skip
    return arguments


def read_stills(folder: Path, file: str, positions: Sequence[int]) -> list[str]:
    """Return the pictures that ffmpeg has written, in base64, for the report.

    Of a source that is not divided, the number of frames is not certain: its last ones may be missing.

    Args:
        folder: the working folder.
        file: pattern of their names.
        positions: of the frames.
    """
    paths = [folder / file.format(number) for number in range(1, len(positions) + 1)]
    return [base64.b64encode(path.read_bytes()).decode("ascii") for path in paths if path.exists()]


def _all(outputs: Sequence[StillOutput]) -> list[int]:
    return sorted({position for each in outputs for position in each.positions})
