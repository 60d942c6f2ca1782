"""Probes a source from the worker: runs the child, checks what it writes, and makes the plan."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

from pydantic import TypeAdapter, ValidationError

from container_worker.codes import Code
from container_worker.media.child_process import ChildContext, run_in_slot
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.planning.frame_table import INPUT
from container_worker.media.transcode.planning.plan import make_plan
from container_worker.media.transcode.probing.facts import SourceFacts, Spans
from container_worker.media.transcode.probing.file_names import FACTS, MISSING, PACKETS
from container_worker.media.transcode.probing.packets import Packets, read_packets
from container_worker.sandbox.outputs import open_output
from scenequeue.errors import ToolFailed
from scenequeue.jobs.kinds.probe import ProbePayload
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.jobs.transcode.source import SourceFile, Watermark
from scenequeue.jobs.transcode.spans import Span, merge_spans

#: Largest description of a source, in bytes; a thousand chapters with long titles are less.
_MAX_FACTS_BYTES = 8 * 1024 * 1024
#: Descriptions of a file with holes, all but the first with what was missing; another one is of the whole file.
_SPARSE_ATTEMPTS = 3
_Read = TypeVar("_Read")


def probe_source(
    payload: ProbePayload,
    options: TranscodeOptions,
    source: SourceFile,
    path: Path,
    context: ChildContext,
    *,
    watermark: Watermark | None = None,
    watermark_path: Path | None = None,
    held: Sequence[Span],
    add_spans: Callable[[BinaryIO, Sequence[Span]], None],
) -> TranscodePlan:
    """Describe a source in a child process, and return its plan.

    Args:
        payload: addresses.
        options: of the transcoding.
        source: the source's address and identity.
        path: the fetched source, directly in the item's scratch folder.
        context: of the item; its slot is entered before the child starts, and left when it has ended.
        watermark: of the transcoding; None for none.
        watermark_path: the fetched watermark, which must be a picture.
        held: spans of the source that the file holds; nothing for the whole.
        add_spans: copies further ones into the file.

    Raises:
        BadInput: it cannot be transcoded. ItemError: as `run_in_slot`; ToolFailed also for a description that is not valid.
    """
    program = find_ffmpeg()
    scratch = context.scratch.absolute()
    picture = watermark_path and str(scratch / watermark_path.name)
    # Before the child runs, which may put something else in the file's place.
    with path.open("r+b") as file:
        for attempt in range(_SPARSE_ATTEMPTS + 1):
            request = {"source": str(scratch / path.name), "name": INPUT, "held": list(held), "watermark": picture}
            run_in_slot("container_worker.media.transcode.probing", request, context, program.path)
            missing = _checked(scratch / MISSING, _read_missing) if held else []
            if not missing:
                break
            further = merge_spans(missing if attempt + 1 < _SPARSE_ATTEMPTS else [(0, source.bytes)], source.bytes)
            add_spans(file, further)
            held = merge_spans([*held, *further], source.bytes)
            held = [] if held == [(0, source.bytes)] else held
    facts = _checked(scratch / FACTS, _read_facts)
    packets = read_table(scratch)
    return make_plan(
        facts, packets, options, source=source, output=payload.output, stem=payload.stem, encoder=program.version,
        watermark=watermark,
    )  # fmt: skip


def read_table(scratch: Path) -> Packets:
    """Return the picture's packets that the child has found.

    Raises:
        ToolFailed: there is no such table.
    """
    return _checked(scratch / PACKETS, read_packets)


def _read_facts(path: Path) -> SourceFacts:
    if path.stat().st_size > _MAX_FACTS_BYTES:
        raise ValueError
    return SourceFacts.model_validate_json(path.read_bytes())


def _read_missing(path: Path) -> list[Span]:
    if path.stat().st_size > _MAX_FACTS_BYTES:
        raise ValueError
    return TypeAdapter(Spans).validate_json(path.read_bytes())


def _checked(path: Path, read: Callable[[Path], _Read]) -> _Read:
    """Read a file that the child has written.

    Raises:
        ToolFailed: there is none, or it is not valid.
    """
    with open_output(path) as made:
        if made is None:
            raise ToolFailed(Code.RENDERER_MADE_NOTHING, file=path.name)
        try:
            return read(made)
        except (ValidationError, ValueError):
            raise ToolFailed(Code.RENDERER_UNINTELLIGIBLE, message=path.name) from None
