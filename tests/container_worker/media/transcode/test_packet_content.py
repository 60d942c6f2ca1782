"""Digests of packets and headers stay the same when a file is muxed into another container."""

import subprocess
from pathlib import Path

import av
import pytest

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.packet_content import headers_digest, packet_digest


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([find_ffmpeg().path, "-y", "-v", "error", *map(str, arguments)], check=True, capture_output=True)


def _digests(path: Path) -> list[tuple[str, list[str]]]:
    """Of every stream: its headers, and its packets."""
    with av.open(path) as file:
        contexts = [stream.codec_context for stream in file.streams]
        packets = [list[str]() for _ in contexts]
        for packet in file.demux():
            if packet.size:
                context = contexts[packet.stream.index]
                packets[packet.stream.index].append(packet_digest(context.name, bytes(packet), context.extradata))
        return [
            (headers_digest(context.name, context.extradata), found) for context, found in zip(contexts, packets, strict=True)
        ]


@pytest.mark.parametrize(
    ("encoder", "ending"),
    [("libx264", "mp4"), ("libx264", "mkv"), ("libx264", "flv"), ("libx265", "mp4"), ("libsvtav1", "mp4"), ("libsvtav1", "webm")],
)
def test_a_packet_is_recognised_in_another_container(tmp_path: Path, encoder: str, ending: str) -> None:
    """NUT has start codes, MP4, Matroska and FLV have lengths; both give the same digests, of the headers too."""
    sound = [] if ending == "webm" else ["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac"]
    _ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=1"), *sound, "-c:v", encoder,
        *("-flags", "+global_header", "-f", "nut", tmp_path / "a.nut"),
    )  # fmt: skip
    _ffmpeg("-i", tmp_path / "a.nut", "-c", "copy", tmp_path / f"b.{ending}")
    first, second = _digests(tmp_path / "a.nut"), _digests(tmp_path / f"b.{ending}")
    assert first == second
    assert len(first[0][1]) == 25


def test_parameter_sets_within_packets_do_not_count(tmp_path: Path) -> None:
    """MP4 takes those of HEVC out, where they stand before every keyframe."""
    _ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=1", "-c:v", "libx265", "-g", "10"),
        *("-x265-params", "repeat-headers=1:log-level=error", "-flags", "+global_header", "-f", "nut", tmp_path / "a.nut"),
    )  # fmt: skip
    _ffmpeg("-i", tmp_path / "a.nut", "-c", "copy", "-tag:v", "hvc1", tmp_path / "b.mp4")
    assert _digests(tmp_path / "a.nut") == _digests(tmp_path / "b.mp4")


def test_adts_headers_do_not_count(tmp_path: Path) -> None:
    """AAC from MPEG-TS has them, AAC in MP4 has none."""
    _ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", tmp_path / "a.mp4")
    _ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", tmp_path / "b.ts")
    assert _digests(tmp_path / "a.mp4")[0][1] == _digests(tmp_path / "b.ts")[0][1]


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "aac", "opus"])
@pytest.mark.parametrize("extradata", [b"", b"\1", b"\1" * 24, b"\x81", b"\0\0\1", None])
def test_any_bytes_have_a_digest(codec: str, extradata: bytes | None) -> None:
    """Damaged packets are no error, and differ from whole ones."""
    data = bytes(range(256)) * 4
    found = {packet_digest(codec, data[:length], extradata) for length in (200, 201, 1024)}
    assert len(found) == 3
    assert len(headers_digest(codec, extradata)) == 64
