"""Describes a source, inside the child process: a table of its picture's packets, and facts about its streams."""

import json
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from container_worker.media.child_program import limit_preparation
from container_worker.media.child_protocol import send
from container_worker.media.transcode.probing.boxes import check_boxes
from container_worker.media.transcode.probing.demuxing import Table, read_table
from container_worker.media.transcode.probing.facts import SourceFacts, StreamFacts
from container_worker.media.transcode.probing.file_names import FACTS, MISSING, PACKETS
from container_worker.media.transcode.probing.holes import missing_spans
from container_worker.media.transcode.probing.layout import find_layout
from container_worker.media.transcode.probing.packets import write_packets
from container_worker.media.transcode.probing.programs import first_program
from container_worker.media.transcode.probing.sniffing import HEAD_BYTES, check_head
from container_worker.media.transcode.probing.streams import describe, picture_of
from scenequeue.errors import BadInput

#: Bytes in which the tables of a broadcast's programs are looked for.
_PROGRAM_BYTES = 1024 * 1024
_DONE: dict[str, Any] = {"duration_s": 1.0, "frames": 1}


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Write the facts and the table into the source's folder, and which spans are missing for them to be right.

    Args:
        data: {"source": path of the file; "name": its name in messages; "held": the spans that it holds, none for the whole;
            "watermark": path of the watermark, which must be a picture, or None}.

    Raises:
        BadInput: it is no video that can be transcoded.
    """
    limit_preparation()
    path, name = Path(data["source"]), data["name"]
    size, held = path.stat().st_size, [(int(begin), int(end)) for begin, end in data["held"]]
    with path.open("rb") as file:
        head = file.read(_PROGRAM_BYTES)
    check_head(head[:HEAD_BYTES], name)
    if data.get("watermark"):
        # Imported for a watermark only.
        from container_worker.media.picture.watermark import open_watermark

        open_watermark(data["watermark"])
    check_boxes(path, size, name)
    program = first_program(head)
    facts = _describe(path, name, program, has_holes=bool(held))
    if facts:
        index, codec, decoded = facts.picture.index, facts.picture.codec, facts.decoded_packets
    else:
        (index, codec), decoded = picture_of(path, name, program), None
    table = read_table(path, index, name, lambda done: send({"frame": min(done, size) >> 20, "of": (size >> 20) + 1}))
    missing = missing_spans(path, name, table.packets, held, size, codec=codec, decoded=decoded)
    (path.parent / MISSING).write_text(json.dumps(missing), encoding="utf-8")
    if facts is None:
        return _DONE
    spans, cues = find_layout(path, name, index, size)
    streams = [_with_findings(each, table) for each in facts.streams]
    facts = facts.model_copy(
        update={
            "streams": streams,
            "last_duration": max(0, table.last_duration), "is_packed": table.is_packed, "ends_early": table.ends_early,
            "has_leading_frames": table.has_leading_frames, "index": spans, "cues": cues,
        }
    )  # fmt: skip
    write_packets(table.packets, path.parent / PACKETS)
    (path.parent / FACTS).write_text(facts.model_dump_json(), encoding="utf-8")
    return {**_DONE, "frames": max(1, len(table.packets))}


def _with_findings(stream: StreamFacts, table: Table) -> StreamFacts:
    """Return the facts with what only the stream's packets tell."""
    return stream.model_copy(
        update={
            "has_packets": stream.index in table.with_packets, "is_changing": stream.index in table.changing_sounds,
            "unreadable_texts": table.unreadable_texts.get(stream.index, 0),
        }
    )  # fmt: skip


def _describe(path: Path, name: str, program: frozenset[int] | None, *, has_holes: bool) -> SourceFacts | None:
    """Describe the source; returns None where holes may hide what tells its picture's format."""
    try:
        return describe(path, name, program)
    except BadInput as error:
        if has_holes and error.reason.code == Code.SOURCE_CODEC_UNKNOWN:
            return None
        raise
