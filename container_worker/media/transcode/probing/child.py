"""Describes a source, inside the child process: a table of its picture's packets, and facts about its streams."""

from pathlib import Path
from typing import Any

from container_worker.media.child_program import limit_preparation
from container_worker.media.child_protocol import send
from container_worker.media.transcode.probing.boxes import boxes_of, check_boxes, index_spans
from container_worker.media.transcode.probing.demuxing import read_table
from container_worker.media.transcode.probing.file_names import FACTS, PACKETS
from container_worker.media.transcode.probing.holes import missing_spans
from container_worker.media.transcode.probing.packets import write_packets
from container_worker.media.transcode.probing.programs import first_program
from container_worker.media.transcode.probing.sniffing import HEAD_BYTES, check_head
from container_worker.media.transcode.probing.streams import describe

#: Bytes in which the tables of a broadcast's programs are looked for.
_PROGRAM_BYTES = 1024 * 1024


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Write the facts and the table into the source's folder.

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
    facts = describe(path, name, first_program(head))
    table = read_table(
        path, facts.picture.index, name, lambda done: send({"frame": min(done, size) >> 20, "of": (size >> 20) + 1})
    )
    facts = facts.model_copy(
        update={
            "last_duration": max(0, table.last_duration), "is_packed": table.is_packed, "ends_early": table.ends_early,
            "has_leading_frames": table.has_leading_frames, "index": index_spans(boxes_of(path, size), size) or [],
            "missing": missing_spans(path, name, facts, table.packets, held, size),
        }
    )  # fmt: skip
    write_packets(table.packets, path.parent / PACKETS)
    (path.parent / FACTS).write_text(facts.model_dump_json(), encoding="utf-8")
    return {"duration_s": 1.0, "frames": max(1, len(table.packets))}
