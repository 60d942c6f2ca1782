"""Recognises sources that are no video by their first bytes, before a demuxer reads them."""

import re

from container_worker.codes import Code
from scenequeue.errors import BadInput

#: Bytes that are looked at.
HEAD_BYTES = 64 * 1024
#: Beginnings of playlists and other texts that name further files, and the formats' names.
_PLAYLISTS = (
    (rb"#EXTM3U", "M3U8"),
    (rb"ffconcat\s+version", "ffconcat"),
    (rb"file\s+\S", "ffconcat"),
    (rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<MPD\b", "DASH"),
    (rb"(<\?xml[^>]*>\s*)?<SmoothStreamingMedia\b", "ISM"),
    (rb"(<\?xml[^>]*>\s*)?<(smil|playlist)\b", "SMIL"),
    (rb"(?i:<asx\b)", "ASX"),
    (rb"(?i:\[playlist\])", "PLS"),
    (rb"(?i:\[reference\])", "ASX"),
    (rb"RTSPtext", "RTSP"),
    (rb"v=0\r?\no=", "SDP"),
    (rb"(https?|rtsp|rtmp|file|concat|subfile)[:/]\S+\s*$", "URL"),
)
_PICTURES = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"GIF8[79]a", "GIF"),
    (rb"BM.{4}\x00{4}", "BMP"),
    (rb"II\*\x00|MM\x00\*", "TIFF"),
    (rb"RIFF.{4}WEBP", "WebP"),
    (rb".{4}ftyp(heic|heix|heim|heis|mif1)", "HEIC"),
    (rb".{4}ftypavif", "AVIF"),
    (rb"8BPS\x00", "PSD"),
    (rb"\x00{3}\x0cJXL |\xff\x0a", "JXL"),
    (rb"\x00{3}\x0cjP {2}", "JP2"),
)
_TEXT_BYTES = bytes({7, 8, 9, 10, 12, 13, 27} | set(range(0x20, 0x100)) - {0x7F})
#: A raw video whose header is text.
_Y4M = b"YUV4MPEG2 "
_TS_PACKET = 188
_SYNC = 0x47


def check_head(head: bytes, name: str) -> None:
    """Check that a file does not begin like something else than a video.

    Args:
        head: its first bytes, HEAD_BYTES or all.
        name: for messages.

    Raises:
        BadInput: it is a playlist, a picture, a text, or scrambled.
    """
    stripped = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        stripped = head.decode("utf-16", "replace").encode().lstrip()
    for pattern, form in _PLAYLISTS:
        if re.match(pattern, stripped, re.DOTALL):
            raise BadInput(Code.SOURCE_IS_PLAYLIST, input=name, format=form)
    for pattern, form in _PICTURES:
        if re.match(pattern, head, re.DOTALL):
            raise BadInput(Code.SOURCE_IS_PICTURE, input=name, format=form)
    if not stripped.startswith(_Y4M) and stripped and not stripped.translate(None, _TEXT_BYTES):
        raise BadInput(Code.SOURCE_IS_TEXT, input=name)
    if is_scrambled(head):
        raise BadInput(Code.SOURCE_ENCRYPTED, input=name)


def is_scrambled(head: bytes) -> bool:
    """Return True for an MPEG-TS most of whose packets say that they are scrambled."""
    packets = range(0, len(head) - _TS_PACKET, _TS_PACKET)
    if len(packets) < 10 or any(head[at] != _SYNC for at in packets):
        return False
    # Tables are never scrambled.
    return 2 * sum(head[at + 3] >> 6 > 1 for at in packets) > len(packets)
