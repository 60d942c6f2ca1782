"""Decides by a source's first bytes how ffmpeg opens it, and finds places in it."""

#: ffmpeg's demuxers that may open a source. None of them opens other files or addresses that the source names.
SOURCE_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "avi", "flv", "mpeg", "ogg", "asf", "mxf", "nut", "dv", "ivf",
    "h264", "hevc", "mpegvideo", "m4v", "av1", "obu",
)  # fmt: skip
#: Bytes at the start of a source that tell its format.
HEAD_BYTES = 64
#: Microseconds by which decoding begins earlier where a seek may end after the wanted keyframe.
_SEEK_MARGIN_US = 1_500_000
#: Microseconds by which ffmpeg aims earlier itself in a format whose seeks go by DTS, if frames are reordered.
_REORDERED_US = 3_000_000 // 23
_MATROSKA = b"\x1a\x45\xdf\xa3"
#: Types of the first box of an MP4 or QuickTime file.
_BOXES = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid"})


def is_matroska(head: bytes) -> bool:
    """Return True for the first HEAD_BYTES of a Matroska or WebM file."""
    return head.startswith(_MATROSKA)


def is_mp4(head: bytes) -> bool:
    """Return True for the first HEAD_BYTES of an MP4 or QuickTime file."""
    return head[4:8] in _BOXES


def seek_margin_us(head: bytes, *, is_reordered: bool = False) -> int:
    """Return the microseconds by which a seek must aim before a keyframe, so that it ends there or before, and not behind it.

    MP4 and Matroska have an index of keyframes; in MPEG-TS, AVI, FLV and others a seek may end anywhere.

    Args:
        head: the first HEAD_BYTES of the source.
        is_reordered: True if ffmpeg sees a stream in it whose frames are coded in another order than they are shown; of
            interest in Matroska, where ffmpeg would then decode from the keyframe before the right one.
    """
    if is_matroska(head):
        return -_REORDERED_US if is_reordered else 0
    return 0 if is_mp4(head) else _SEEK_MARGIN_US
