"""Makes one track inside the child process: its file, and the table of its packets with their exact times."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from container_worker.codes import Code
from container_worker.media.child_program import used_cpu_s
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.transcode.encode.formats import SOURCE_FORMATS
from container_worker.media.transcode.packet_table import base_of, read_table, rows_of, table_of
from container_worker.media.transcode.sound_envelope import pack, read_envelope
from container_worker.media.transcode.track.argv import (
    FRAME_SAMPLES,
    PRIMING_SAMPLES,
    argv_for,
    made_rate_hz,
    track_file,
)
from scenequeue.errors import BadInput
from scenequeue.jobs.kinds.audio import AudioPayload
from scenequeue.jobs.transcode.plan import Packet, PacketTable, TrackReport

if TYPE_CHECKING:
    from av.container import InputContainer

#: Name in the scratch folder.
REPORT_FILE = "report.json"
#: Size of a packet of mov_text without text: its length.
_EMPTY_TEXT_BYTES = 2
#: Texts are moved by a tick for each packet that is put before them.
_TEXT_SHIFT_S = Fraction(1, 1000)


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Make the track's file and its report in the working folder.

    Args:
        data: {"payload": an AudioPayload, "source": name of the source's file, "ffmpeg": path, "kbps": bit rate
            of converted sound, "folder": the working folder}.

    Raises:
        BadInput: the track has no packets, or ffmpeg did not make what belongs to it. ToolFailed: ffmpeg failed.
    """
    import av

    payload = AudioPayload.model_validate(data["payload"])
    folder, source, track = Path(data["folder"]), str(data["source"]), payload.track
    target = track_file(track.action, track.codec)
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(SOURCE_FORMATS)}
    with av.open(f"file:{folder / source}", options=options) as opened:
        channels, rate_hz = _sound_of(opened, track.index)
        made_hz = made_rate_hz(track.action, rate_hz)
        first_s = _first_sample_s(opened, track.index) if track.action in FRAME_SAMPLES else Fraction(0)
    with av.open(f"file:{folder / source}", options=options) as opened:
        # The whole list is needed for a copy; else only whether there are packets.
        stream = opened.streams[track.index]
        rows = list(rows_of(stream, (each for each in opened.demux(stream) if each.pts is not None), base_of(stream)))
        copied = table_of(stream, base_of(stream), in_order(rows) if track.type == "audio" else rows)
    if not rows:
        raise BadInput(Code.TRACK_EMPTY, track=track.index)
    argv = argv_for(
        data["ffmpeg"], source, track.index, track.action, target, rate_hz=made_hz, channels=channels, kbps=data["kbps"]
    )
    with FfmpegProcess(argv, folder, Code.TRACK_NOT_MADE) as process:
        process.finish()
    written = read_table(folder / target)
    skip = 0
    if track.action == "copy":
        table = _same_packets(copied, written, track.index)
    elif track.action in FRAME_SAMPLES:
        skip = PRIMING_SAMPLES[track.action]
        table = _evenly_timed(written, round(first_s * made_hz) - skip, FRAME_SAMPLES[track.action], made_hz)
    else:
        table = written
    report = TrackReport(index=track.index, table=table, skip_start=skip)
    if track.action in FRAME_SAMPLES:
        heard = read_envelope(folder / source, track.index)
        report = report.model_copy(update={"envelope": pack(heard.levels), "envelope_start_s": heard.start_s})
    report = report.model_copy(update={"cpu_s": used_cpu_s()})
    (folder / REPORT_FILE).write_text(report.model_dump_json(), encoding="utf-8")
    last = max(table.packets, key=lambda row: row.pts)
    end_s = Fraction(*table.time_base) * (last.pts + last.duration - min(row.pts for row in table.packets))
    return {"duration_s": max(float(end_s), 0.001), "frames": len(table.packets)}


def in_order(rows: list[Packet]) -> list[Packet]:
    """Return the packets of sound with increasing times: one that is not after the last one is moved behind it.

    No container holds others; they stand where streams were put one behind the other.
    """
    moved: list[Packet] = []
    for row in rows:
        first = moved[-1].pts + 1 if moved else row.pts
        moved.append(row if row.pts >= first else row._replace(pts=first, dts=first))
    return moved


def _sound_of(opened: "InputContainer", index: int) -> tuple[int, int]:
    """Return the number of channels and the sample rate of a stream; 0 for subtitles."""
    import av

    stream = opened.streams[index]
    if not isinstance(stream, av.AudioStream):
        return 0, 0
    return stream.codec_context.channels, stream.codec_context.sample_rate


def _first_sample_s(opened: "InputContainer", index: int) -> Fraction:
    """Return the time of the first sample that the source's decoder gives, in seconds.

    Raises:
        BadInput: it gives none.
    """
    import av

    try:
        for frame in opened.decode(opened.streams[index]):
            if isinstance(frame, av.AudioFrame) and frame.pts is not None and frame.time_base is not None:
                return frame.pts * frame.time_base
    except av.FFmpegError:
        pass
    raise BadInput(Code.TRACK_EMPTY, track=index)


def _same_packets(source: PacketTable, written: PacketTable, index: int) -> PacketTable:
    """Return the source's table, once it is known that the file holds the same packets.

    Of the text of an MP4, whose muxer puts packets without text between others that do not follow one another, return the
    file's table, once it is known that it holds the same texts.

    Raises:
        BadInput: it does not.
    """
    ours, theirs = [row.digest for row in source.packets], [row.digest for row in written.packets]
    if ours != theirs:
        if source.codec == "mov_text" and _have_same_texts(source, written):
            return written
        raise BadInput(Code.TRACK_PACKETS_DIFFER, track=index, expected=len(ours), found=len(theirs))
    return source.model_copy(update={"headers": written.headers})


def _have_same_texts(source: PacketTable, written: PacketTable) -> bool:
    """Return True if all packets with text are the same, at the same times."""
    (ours, theirs) = ([row for row in table.packets if row.bytes > _EMPTY_TEXT_BYTES] for table in (source, written))
    ours_base, theirs_base = Fraction(*source.time_base), Fraction(*written.time_base)
    return [row.digest for row in ours] == [row.digest for row in theirs] and all(
        abs(one.pts * ours_base - other.pts * theirs_base) < _TEXT_SHIFT_S for one, other in zip(ours, theirs, strict=True)
    )


def _evenly_timed(written: PacketTable, first: int, samples: int, rate_hz: int) -> PacketTable:
    """Return the table with times counted in samples, because Matroska's are rounded to milliseconds.

    Args:
        written: as it was read.
        first: PTS of the first packet, in samples.
        samples: of each packet.
        rate_hz: of the sound.
    """
    packets = [
        Packet(
            pts=first + at * samples, dts=first + at * samples, duration=samples, bytes=row.bytes, digest=row.digest, is_key=True
        )
        for at, row in enumerate(written.packets)
    ]
    return written.model_copy(update={"time_base": (1, rate_hz), "packets": packets})
