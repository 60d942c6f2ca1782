"""Decides by a source's first bytes how ffmpeg opens it, and finds places in it."""

#: ffmpeg's demuxers that may open a source. None of them opens other files or addresses that the source names.
SOURCE_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "avi", "flv", "mpeg", "ogg", "asf", "mxf", "nut", "dv", "ivf",
    "h264", "hevc", "mpegvideo", "m4v", "av1", "obu",
)  # fmt: skip
#: Bytes at the start of a source that tell its format.
HEAD_BYTES = 64
#: Seconds by which decoding begins earlier where a seek may end after the wanted keyframe.
_SEEK_MARGIN_S = 1.5
_MATROSKA = b"\x1a\x45\xdf\xa3"
#: Types of the first box of an MP4 or QuickTime file.
_BOXES = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid"})


def seek_margin_s(head: bytes) -> float:
    """Return the seconds by which a seek must aim before a keyframe, so that it does not end behind it.

    MP4 and Matroska have an index of keyframes; in MPEG-TS, AVI, FLV and others a seek may end anywhere.

    Args:
        head: the first HEAD_BYTES of the source.
    """
    return 0.0 if head[:4] == _MATROSKA or head[4:8] in _BOXES else _SEEK_MARGIN_S
