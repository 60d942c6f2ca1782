"""Writes a source's subtitles as WebVTT files inside the child process."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from container_worker.media.child_program import used_cpu_s
from container_worker.media.child_protocol import send
from container_worker.media.defaults import PROGRESS_S
from container_worker.media.subtitles.ass_text import webvtt_text
from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.webvtt import webvtt_of_markup
from container_worker.media.transcode.captions.file_names import CAPTIONS_FILE, CAPTIONS_REPORT_FILE
from container_worker.media.transcode.captions.times import cue_times_ms, with_durations
from container_worker.media.transcode.encode.formats import SOURCE_FORMATS
from container_worker.media.transcode.packet_table import base_of, rows_of, table_of
from scenequeue.jobs.kinds.captions import CaptionsPayload
from scenequeue.jobs.transcode.plan import CaptionsReport, Packet, PacketTable

if TYPE_CHECKING:
    from av import Packet as AvPacket

#: Codecs whose text is in ASS's mark-up in the file itself.
_ASS = frozenset({"ass", "ssa"})
#: Fields of an event before its text: its number, layer, style, name, three margins, effect.
_FIELDS_BEFORE = 8
#: Longest event that is read, in characters; more is no text that is shown.
_MAX_EVENT_CHARS = 20_000


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Write a file for each track, and the report, into the working folder.

    Args:
        data: {"payload": a CaptionsPayload, "source": name of the source's file, "folder": the working folder}.
    """
    payload = CaptionsPayload.model_validate(data["payload"])
    folder, source = Path(data["folder"]), str(data["source"])
    origin_s = payload.origin_pts * Fraction(*payload.time_base)
    tables, end_s = dict[int, PacketTable](), 0.001
    for index, track in _read(folder / source, [each.index for each in payload.captions]).items():
        shown = sorted(track.shown, key=lambda each: each[0].pts)
        rows = with_durations([row for row, _ in shown], track.table.time_base)
        times = cue_times_ms(track.table.model_copy(update={"packets": rows}), origin_s)
        kept = [
            (row, Cue(time[0] / 1000, time[1] / 1000, text))
            for row, (_, text), time in zip(rows, shown, times, strict=True)
            if time is not None
        ]
        cues = [cue for _, cue in kept]
        tables[index] = track.table.model_copy(update={"packets": [row for row, _ in kept]})
        (folder / CAPTIONS_FILE.format(index)).write_text(webvtt_of_markup(cues), encoding="utf-8")
        end_s = max([end_s, *(cue.end_s for cue in cues)])
    report = CaptionsReport(tables=tables, cpu_s=used_cpu_s())
    (folder / CAPTIONS_REPORT_FILE).write_text(report.model_dump_json(), encoding="utf-8")
    return {"duration_s": end_s, "frames": max(1, sum(len(table.packets) for table in tables.values()))}


@dataclass
class _Track:
    """A track of subtitles, as it was read."""

    #: Without packets.
    table: PacketTable
    #: Packets that show something, with their texts in WebVTT's mark-up, in the order of the file.
    shown: list[tuple[Packet, str]] = field(default_factory=list)


def _read(path: Path, indices: list[int]) -> dict[int, _Track]:
    """Read the packets of all tracks, up to a damaged place."""
    import av
    from av.stream import Discard

    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(SOURCE_FORMATS)}
    with av.open(f"file:{path}", options=options) as opened:
        for stream in opened.streams:
            if stream.index not in indices:
                # An MP4's samples of other streams are not even read.
                stream.discard = Discard.all
        streams = [opened.streams[index] for index in indices]
        found = {stream.index: _Track(table_of(stream, base_of(stream), [])) for stream in streams}
        size, told = max(1, path.stat().st_size), monotonic()
        try:
            for packet in opened.demux(streams):
                track = found[packet.stream.index]
                if packet.size and packet.pts is not None and (text := _text_of(packet)):
                    [row] = rows_of(packet.stream, [packet], track.table.time_base)
                    track.shown.append((row, text))
                if monotonic() - told >= PROGRESS_S and packet.pos is not None:
                    told = monotonic()
                    send({"frame": min(size, max(0, packet.pos)), "of": size})
        except av.FFmpegError as error:
            # Of the system, such as too little memory; another one is a damaged place.
            if isinstance(error, OSError | MemoryError):
                raise
    return found


def _text_of(packet: "AvPacket[Any]") -> str:
    """Return a packet's text in WebVTT's mark-up; "" for one that shows nothing, or cannot be decoded."""
    import av
    from av.subtitles.subtitle import AssSubtitle

    try:
        events = packet.stream.decode(packet)
    except av.FFmpegError:
        return ""
    has_notes = packet.stream.codec_context.name in _ASS
    texts = []
    for event in events:
        if isinstance(event, AssSubtitle):
            text = event.ass.decode("utf-8", errors="replace").split(",", _FIELDS_BEFORE)[-1]
            texts.append(webvtt_text(text[:_MAX_EVENT_CHARS], has_notes=has_notes))
    return "\n".join(text for text in texts if text)
