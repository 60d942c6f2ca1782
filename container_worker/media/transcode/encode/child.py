"""Encodes one segment inside the child process: its renditions, the tables of their packets, and signatures of its frames."""

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from container_worker.codes import Code
from container_worker.media.child_program import limit_preparation, used_cpu_s
from container_worker.media.child_protocol import send
from container_worker.media.defaults import PROGRESS_S
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.transcode.encode.argv import argv_for
from container_worker.media.transcode.encode.coverage import check_coverage
from container_worker.media.transcode.encode.filters import base_pts
from container_worker.media.transcode.encode.formats import HEAD_BYTES, is_matroska, seek_margin_us
from container_worker.media.transcode.encode.likeness import check_likeness
from container_worker.media.transcode.encode.segment_file import copy_source, cut_encoded
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
_RAW_FILE = "raw-{}.nut"
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
    signatures, mark = b"", None
    if encoded:
        overlays, mark = _overlays(payload, encoded, folder, data.get("watermark"))
        signatures = _encode(payload, encoded, overlays, folder, source, data["ffmpeg"])
        signatures = mark.on(signatures) if mark else signatures
    segment, picture = payload.segment, payload.picture
    for at, rendition in enumerate(payload.renditions):
        target = folder / SEGMENT_FILE.format(at)
        if rendition.codec == "copy":
            tables[rendition.name] = copy_source(folder / source, target, rendition, segment, picture)
            continue
        raw = folder / _RAW_FILE.format(at)
        table = cut_encoded(raw, target, rendition, segment, picture.time_base, base_pts(picture, segment))
        raw.unlink()
        tables[rendition.name] = table
        if len(table.packets) * SIGNATURE_BYTES != len(signatures):
            raise BadInput(
                Code.SEGMENT_FRAMES_DIFFER, segment=segment.number, rendition=rendition.name,
                expected=len(signatures) // SIGNATURE_BYTES, found=len(table.packets),
            )  # fmt: skip
        check_likeness(target, table, signatures, mark.packed if mark else None, rendition, segment)
    report = SegmentReport(
        number=segment.number, encoder=payload.encoder, tables=tables, signatures=pack(signatures), cpu_s=used_cpu_s(),
        watermark=pack(mark.packed) if mark else "",
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


def _encode(
    payload: EncodePayload, places: list[int], overlays: "list[Overlay | None]", folder: Path, source: str, ffmpeg: str
) -> bytes:
    """Run ffmpeg; returns the signatures of the segment's frames."""
    with (folder / source).open("rb") as file:
        head = file.read(HEAD_BYTES)
    if payload.segment.ranges:
        check_coverage(folder / source, payload.picture, payload.segment, payload.source.bytes)
    margin_us = seek_margin_us(head, is_reordered=is_matroska(head) and is_reordered(folder / source))
    renditions, targets = [payload.renditions[at] for at in places], [_RAW_FILE.format(at) for at in places]
    argv = argv_for(ffmpeg, source, payload.picture, payload.segment, renditions, targets, margin_us, payload.tone_map, overlays)
    signatures, buffer = bytearray(), memoryview(bytearray(SIGNATURE_BYTES))
    total, told = max(1, payload.segment.frames), monotonic()
    with FfmpegProcess(argv, folder, Code.SEGMENT_NOT_ENCODED, has_output=True, environment=_ENVIRONMENT) as process:
        while process.read_up_to(buffer) == SIGNATURE_BYTES:
            signatures += buffer
            if monotonic() - told >= PROGRESS_S:
                told = monotonic()
                send({"frame": min(total, len(signatures) // SIGNATURE_BYTES), "of": total})
        process.finish()
    return bytes(signatures)


def is_reordered(path: Path) -> bool:
    """Return True if frames of a Matroska file's picture are coded in another order than they are shown."""
    import av

    with av.open(f"file:{path}", options={"protocol_whitelist": "file", "format_whitelist": "matroska"}) as source:
        return any(stream.codec_context.has_b_frames for stream in source.streams.video)
