"""Encodes one segment inside the child process: its renditions, the tables of their packets, and signatures of its frames."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from container_worker.codes import Code
from container_worker.media.child_program import limit_preparation, used_cpu_s
from container_worker.media.child_protocol import send
from container_worker.media.defaults import PROGRESS_S
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.transcode.encode.argv import argv_for
from container_worker.media.transcode.encode.coverage import without_holes
from container_worker.media.transcode.encode.filters import base_pts
from container_worker.media.transcode.encode.formats import HEAD_BYTES, is_matroska, seek_margin_us
from container_worker.media.transcode.encode.likeness import check_likeness
from container_worker.media.transcode.encode.segment_file import copy_source, cut_encoded
from container_worker.media.transcode.encode.stills import POSTER_FILE, SPRITE_FILE, read_stills
from container_worker.media.transcode.signatures import SIGNATURE_BYTES, pack
from scenequeue.errors import BadInput
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.plan import PacketTable, SegmentReport

if TYPE_CHECKING:
    from container_worker.media.transcode.encode.overlay import Overlay
    from container_worker.media.transcode.encode.watermark import Mark

#: Names in the scratch folder.
SEGMENT_FILE = "segment-{}.nut"
REPORT_FILE = "report.json"
#: As ffmpeg has encoded it, with run-up and look-ahead.
RAW_FILE = "raw-{}.nut"
#: Keeps SVT-AV1 from describing its settings on stderr.
_ENVIRONMENT = {"SVT_LOG": "1"}


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Encode the segment into the working folder: a NUT file per rendition, and the report.

    Args:
        data: {"payload": an EncodePayload, "source": name of the source's file, "watermark": that of the watermark's, or None,
            "ffmpeg": path, "folder": the working folder}.

    Raises:
        ItemError: BadInput and the like.
    """
    payload = EncodePayload.model_validate(data["payload"])
    folder, source = Path(data["folder"]), data["source"]
    tables: dict[str, PacketTable] = {}
    encoded = [at for at, rendition in enumerate(payload.renditions) if rendition.codec != "copy"]
    segment, picture = payload.segment, payload.picture
    total = max(1, segment.frames)
    signatures, mark = b"", None
    if encoded:
        overlays, mark = _overlays(payload, encoded, folder, data.get("watermark"))
        signatures = encode_raw(
            payload, encoded, folder, source, data["ffmpeg"], lambda frames: send({"frame": min(total, frames), "of": total}),
            overlays=overlays,
        )  # fmt: skip
        signatures = mark.on(signatures) if mark else signatures
    for at, rendition in enumerate(payload.renditions):
        target = folder / SEGMENT_FILE.format(at)
        if rendition.codec == "copy":
            tables[rendition.name] = copy_source(folder / source, target, rendition, segment, picture)
            continue
        raw = folder / RAW_FILE.format(at)
        table = cut_encoded(raw, target, rendition, segment, picture.time_base, base_pts(picture, segment))
        raw.unlink()
        tables[rendition.name] = table
        if len(table.packets) * SIGNATURE_BYTES != len(signatures):
            raise BadInput(
                Code.SEGMENT_FRAMES_DIFFER, segment=segment.number, rendition=rendition.name,
                expected=len(signatures) // SIGNATURE_BYTES, found=len(table.packets),
            )  # fmt: skip
        check_likeness(target, table, signatures, mark.packed if mark else None, rendition, segment)
    sprites, posters = read_stills(folder, SPRITE_FILE, segment.sprites), read_stills(folder, POSTER_FILE, segment.posters)
    report = SegmentReport(
        number=segment.number, encoder=payload.encoder, tables=tables, signatures=pack(signatures), sprites=sprites,
        posters=posters, cpu_s=used_cpu_s(), watermark=pack(mark.packed) if mark else "",
    )  # fmt: skip
    (folder / REPORT_FILE).write_text(report.model_dump_json(), encoding="utf-8")
    frames = max(len(table.packets) for table in tables.values())
    return {"duration_s": max(frames * picture.frame_rate[1] / picture.frame_rate[0], 0.001), "frames": frames}


def _overlays(
    payload: EncodePayload, places: list[int], folder: Path, name: str | None
) -> "tuple[list[Overlay | None], Mark | None]":
    """Prepare the watermark, if there is one."""
    if name is None or payload.watermark is None:
        return [], None
    # Imported for a watermark only.
    from container_worker.media.transcode.encode.watermark import prepare_watermark

    lift_cpu_limit = limit_preparation()
    renditions = [payload.renditions[at] for at in places]
    prepared = prepare_watermark(folder / name, payload.watermark.style, payload.picture, payload.tone_map, renditions)
    lift_cpu_limit()
    return prepared


def encode_raw(
    payload: EncodePayload,
    places: Sequence[int],
    folder: Path,
    source: str,
    ffmpeg: str,
    on_frames: Callable[[int], None],
    *,
    overlays: "Sequence[Overlay | None]" = (),
    most_s: float | None = None,
) -> bytes:
    """Run ffmpeg, which makes the raw file of each rendition; returns the signatures of the segment's frames.

    Args:
        payload: the segment.
        places: positions of the renditions that are encoded.
        folder: ffmpeg's working folder.
        source: name of the source's file in it.
        ffmpeg: path of the program.
        on_frames: called from time to time with the number of frames that are done.
        overlays: laid on each rendition; none at all for none.
        most_s: no more than so many seconds are read; None for all.
    """
    renditions, targets = [payload.renditions[at] for at in places], [RAW_FILE.format(at) for at in places]
    picture, segment = payload.picture, payload.segment
    if segment.ranges:
        path, segment = without_holes(folder / source, picture, segment, payload.source.bytes)
        source = path.name
    margin_us = margin_us_of(folder / source)
    argv = argv_for(
        ffmpeg, source, picture, segment, renditions, targets, margin_us, payload.tone_map, overlays, most_s,
        payload.stills,
    )  # fmt: skip
    signatures, buffer, told = bytearray(), memoryview(bytearray(SIGNATURE_BYTES)), monotonic()
    with FfmpegProcess(argv, folder, Code.SEGMENT_NOT_ENCODED, has_output=True, environment=_ENVIRONMENT) as process:
        while process.read_up_to(buffer) == SIGNATURE_BYTES:
            signatures += buffer
            if monotonic() - told >= PROGRESS_S:
                told = monotonic()
                on_frames(len(signatures) // SIGNATURE_BYTES)
        process.finish()
    return bytes(signatures)


def margin_us_of(path: Path) -> int:
    """Return the margin with which a seek in a source must aim."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return seek_margin_us(head, is_reordered=is_matroska(head) and is_reordered(path))


def is_reordered(path: Path) -> bool:
    """Return True if frames of a Matroska file's picture are coded in another order than they are shown."""
    import av

    with av.open(f"file:{path}", options={"protocol_whitelist": "file", "format_whitelist": "matroska"}) as source:
        return any(stream.codec_context.has_b_frames for stream in source.streams.video)
