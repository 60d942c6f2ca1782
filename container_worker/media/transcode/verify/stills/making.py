"""Makes the sprite sheet and the poster from the pictures that the encode items have written, and checks them."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.transcode.file_names import SEGMENT_REPORT_FILE
from container_worker.media.transcode.reports import usable
from container_worker.media.transcode.stills.file_names import POSTER_FILE, SHEET_FILE, SPRITES_FILE
from container_worker.media.transcode.stills.poster import Candidate, choose_poster
from container_worker.media.transcode.stills.sheet import sheet_cues, write_sheet
from container_worker.media.transcode.verify.picture_checks import planned_duration_s
from container_worker.media.transcode.verify.reading import SignatureAt
from container_worker.media.transcode.verify.stills.checks import check_poster, check_sprites
from container_worker.media.transcode.verify.tables import Encoded, planned_pts
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import SegmentReport, TranscodePlan
from scenequeue.jobs.transcode.verification import Check, MadePoster, MadeSprites

#: Stands for the reports of all segments in messages.
_REPORTS = SEGMENT_REPORT_FILE.format(0)


@dataclass
class Pictures:
    """The pictures of all segments: positions of their frames in the whole, and their JPEGs."""

    sprites: list[tuple[int, bytes]] = field(default_factory=list)
    posters: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, plan: TranscodePlan, report: SegmentReport) -> None:
        """Add those of the next segment.

        Raises:
            ValueError: they are not those of the plan.
        """
        segment = plan.segments[report.number]
        for found, positions, jpegs in (
            (self.sprites, segment.sprites, report.sprites), (self.posters, segment.posters, report.posters),
        ):  # fmt: skip
            if len(jpegs) > len(positions) or (plan.is_divided and len(jpegs) < len(positions)):
                raise ValueError(len(jpegs))
            decoded = [base64.b64decode(each, validate=True) for each in jpegs]
            found += [(segment.first_frame + position, jpeg) for position, jpeg in zip(positions, decoded, strict=False)]


def make_stills(
    plan: TranscodePlan, encoded: Encoded, pictures: Pictures, signature_at: SignatureAt, folder: Path
) -> tuple[list[Check], MadePoster | None, MadeSprites | None]:
    """Write what the plan wants into the folder, read it again, and check it.

    Args:
        plan: of the source.
        encoded: the first rendition's packets, which give the times.
        pictures: of all segments.
        signature_at: returns the signature of the source's frame at a position; None if there is none.
        folder: the working folder.

    Raises:
        BadInput: the pictures are not those of the plan.
    """
    stills = plan.stills
    if stills is None:
        return [], None, None
    if (stills.has_poster and not pictures.posters) or (stills.sprite_px and not pictures.sprites):
        raise BadInput(Code.REPORT_UNUSABLE, file=_REPORTS, problem="0")
    times_s = sorted(pts * encoded.packets.tick_s for pts in planned_pts(plan, encoded))
    checks: list[Check] = []
    poster, sprites = None, None
    if stills.has_poster:
        poster = _make_poster(plan, pictures.posters, times_s, signature_at, folder)
        checks.append(check_poster(plan, folder / POSTER_FILE, signature_at(poster.frame)))
    if stills.sprite_px:
        end_s = times_s[0] + planned_duration_s(plan, encoded)
        times_ms = [0, *(round(1000 * times_s[frame]) for frame, _ in pictures.sprites[1:]), round(1000 * end_s)]
        sheet = plan.beside(f"-{SHEET_FILE}")
        sprites = MadeSprites(
            output=plan.beside(f"-{SPRITES_FILE}"), sheet=sheet, pictures=len(pictures.sprites), width=stills.sprite_px[0],
            height=stills.sprite_px[1],
        )  # fmt: skip
        sheet_name = sheet.rpartition("/")[2]
        with usable(_REPORTS):
            write_sheet([jpeg for _, jpeg in pictures.sprites], stills.sprite_px, folder / SHEET_FILE)
        (folder / SPRITES_FILE).write_text(sheet_cues(times_ms, stills.sprite_px, sheet_name), encoding="utf-8")
        signatures = [signature_at(frame) for frame, _ in pictures.sprites]
        checks.append(check_sprites(plan, folder, sheet_name, times_ms, signatures))
    return checks, poster, sprites


def _make_poster(
    plan: TranscodePlan, found: Sequence[tuple[int, bytes]], times_s: Sequence[Fraction], signature_at: SignatureAt, folder: Path
) -> MadePoster:
    candidates = [Candidate(frame / len(times_s), len(jpeg), signature_at(frame)) for frame, jpeg in found]
    frame, jpeg = found[choose_poster(candidates)]
    (folder / POSTER_FILE).write_bytes(jpeg)
    largest = plan.renditions[0]
    return MadePoster(
        output=plan.beside(f"-{POSTER_FILE}"), width=largest.width, height=largest.height, frame=frame,
        time_s=round(float(times_s[frame]), 6),
    )  # fmt: skip
