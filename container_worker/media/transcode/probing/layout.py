"""Finds the places from which a source's items can read: its index, and where its demuxer goes when it seeks."""

from pathlib import Path
from typing import Any

from container_worker.media.transcode.matroska import CLUSTER, VOID, cues_in, parts_of, segment_of
from container_worker.media.transcode.probing.boxes import boxes_of, index_spans
from container_worker.media.transcode.probing.demuxing import opened
from container_worker.media.transcode.probing.facts import MAX_CUES, MAX_SPANS
from scenequeue.jobs.transcode.spans import Span, merge_spans, reading

_NONE: tuple[list[Span], list[tuple[int, int]]] = ([], [])


def find_layout(path: Path, name: str, picture: int, size: int) -> tuple[list[Span], list[tuple[int, int]]]:
    """Return the spans that a demuxer reads before it reads packets, and of a Matroska file its cues for the picture.

    Args:
        path: the file.
        name: for messages.
        picture: index of the picture's stream.
        size: of the file, in bytes.

    Returns:
        Nothing for a file whose items must read the whole.

    Raises:
        BadInput: it cannot be opened.
    """
    index = index_spans(boxes_of(path, size), size)
    return (index, []) if index else _matroska(path, name, picture, size)


def _matroska(path: Path, name: str, picture: int, size: int) -> tuple[list[Span], list[tuple[int, int]]]:
    with path.open("rb") as file:
        read_at = reading(file)
        segment = segment_of(read_at, size)
        parts = parts_of(read_at, segment) if segment else None
        if segment is None or parts is None:
            return _NONE
        first = next((part.begin for part in parts if part.kind == CLUSTER), size)
        named = {tuple(cue) for cue in cues_in(read_at, segment, parts)}
    with opened(path, name) as container:
        # Reads the cues.
        container.seek(0)
        entries: list[Any] = list(container.streams[picture].index_entries)
        cues = sorted({(entry.timestamp, entry.pos) for entry in entries} & named)
    spans = [(part.begin, part.data if part.kind == VOID else part.end) for part in parts if part.kind != CLUSTER]
    index = merge_spans([(0, segment.data), *spans], size, 1)
    # Reading begins at the first cluster, if not at a cue.
    return (index, [(-(2**62), first), *cues]) if cues and len(index) <= MAX_SPANS and len(cues) < MAX_CUES else _NONE
