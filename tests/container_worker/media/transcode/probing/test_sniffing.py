"""Files that are no video are recognised by their first bytes."""

from pathlib import Path

import pytest

from container_worker.media.transcode.probing.programs import first_program
from container_worker.media.transcode.probing.sniffing import check_head, is_scrambled
from scenequeue.errors import BadInput
from tests.container_worker.media.transcode.probing.clips import AAC, H264, PICTURE, TONE, clip, ffmpeg


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", "source_is_playlist"),
        (b"\xef\xbb\xbf\n#EXTM3U\n", "source_is_playlist"),
        ("#EXTM3U\n".encode("utf-16"), "source_is_playlist"),
        (b"ffconcat version 1.0\nfile 'a.mp4'\n", "source_is_playlist"),
        (b"file 'http://10.0.0.1/a.mp4'\n", "source_is_playlist"),
        (b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', "source_is_playlist"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "source_is_playlist"),
        (b"[playlist]\nFile1=a.mp4\n", "source_is_playlist"),
        (b"http://localhost:8080/secret\n", "source_is_playlist"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "source_is_picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "source_is_picture"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00", "source_is_picture"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "source_is_picture"),
        (b"1\n00:00:00,000 --> 00:00:01,000\nSubtitles\n", "source_is_text"),
        ("Gr\u00fc\u00dfe\n".encode(), "source_is_text"),
    ],
)
def test_playlists_pictures_and_texts_are_named(head: bytes, code: str) -> None:
    """Before any demuxer reads them, so that no address in them is opened."""
    with pytest.raises(BadInput) as refusal:
        check_head(head, "source")
    assert refusal.value.reason.code == code


@pytest.mark.parametrize(
    "head",
    [
        b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", b"\x1a\x45\xdf\xa3\x01\x00", b"FLV\x01\x05\x00",
        b"RIFF\x00\x00\x01\x00AVI LIST",
        b"YUV4MPEG2 W160 H90 F25:1\nFRAME\n", b"\x00\x00\x00\x01\x67\x64",
    ],
)  # fmt: skip
def test_beginnings_of_videos_pass(head: bytes) -> None:
    """Also the one whose header is text."""
    check_head(head, "source")


def test_a_scrambled_broadcast_is_encrypted(tmp_path: Path) -> None:
    """Its packets say so, but for those of its tables."""
    head = bytearray(clip(tmp_path / "a.ts").read_bytes())
    assert not is_scrambled(bytes(head))
    for at in range(0, len(head), 188):
        if int.from_bytes(head[at + 1 : at + 3], "big") & 0x1FFF >= 0x100:
            head[at + 3] |= 0x80
    with pytest.raises(BadInput) as refusal:
        check_head(bytes(head), "source")
    assert refusal.value.reason.code == "source_encrypted"


def test_the_streams_of_the_first_program_are_told_apart(tmp_path: Path) -> None:
    """By their PIDs; a broadcast of one program has nothing to tell apart."""
    assert first_program(clip(tmp_path / "one.ts").read_bytes()) is None
    inputs = [word.format(seconds=1) for word in (*PICTURE, *PICTURE, *TONE)]
    two = ffmpeg(
        tmp_path / "two.ts", *inputs, "-map", "0", "-map", "2", "-map", "1", "-map", "2", *H264, *AAC,
        "-program", "title=A:st=0:st=1", "-program", "title=B:st=2:st=3",
    )  # fmt: skip
    assert first_program(two.read_bytes()) == {0x100, 0x101}
    assert first_program(b"\x47" * 188 * 20) is None
