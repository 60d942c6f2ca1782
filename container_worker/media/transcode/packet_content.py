"""Identifies the content of packets and headers, whatever container holds them.

Containers write the same packet in different forms: H.264 in MP4 has lengths where NUT has start codes, AAC in MPEG-TS has
ADTS headers. Digests are taken of one form, so that a packet can be recognised after it was muxed.
"""

import hashlib
from collections.abc import Iterator

_DIGEST_CHARS = 16
_START_CODE = b"\0\0\1"
#: First byte of avcC and hvcC: version 1 of a configuration record.
_CONFIGURATION = 1
#: First byte of av1C: a marker bit and version 1.
_AV1_CONFIGURATION = 0x81
_AV1_CONFIGURATION_BYTES = 4
#: Types of HEVC's parameter sets. MP4 takes them out of the packets; the headers' digest has them.
_HEVC_SETS = frozenset({32, 33, 34})
_OBU_SEQUENCE_HEADER, _OBU_TEMPORAL_DELIMITER, _OBU_PADDING = 1, 2, 15
_ADTS_BYTES, _ADTS_BYTES_WITH_CRC = 7, 9
#: Other names of these codecs: ours, and those of decoders.
_ALIASES = {"h265": "hevc", "libdav1d": "av1", "libaom-av1": "av1", "libx264": "h264", "libx265": "hevc", "libsvtav1": "av1"}


def codec_of(name: str) -> str:
    """Return FFmpeg's name of the codec that a coder or a rendition names."""
    return _ALIASES.get(name, name)


def packet_digest(codec: str, data: bytes, extradata: bytes | None) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a packet's content.

    Args:
        codec: FFmpeg's name: h264, hevc, av1, aac, …; content of other codecs is taken as it is.
        data: the packet.
        extradata: its stream's configuration, which tells the form of the packets.
    """
    digest = hashlib.sha256()
    for part in _parts(codec_of(codec), data, extradata or b""):
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return digest.hexdigest()[:_DIGEST_CHARS]


def headers_digest(codec: str, extradata: bytes | None) -> str:
    """Return the SHA-256 of a stream's decoder configuration: of its parameter sets, where the codec has some."""
    digest = hashlib.sha256()
    for part in _header_parts(codec_of(codec), extradata or b""):
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return digest.hexdigest()


def _parts(codec: str, data: bytes, extradata: bytes) -> Iterator[bytes]:
    if codec in {"h264", "hevc"}:
        size = _length_size(codec, extradata)
        units = _by_length(data, size) if size else _by_start_code(data)
        yield from (unit for unit in units if codec == "h264" or _hevc_type(unit) not in _HEVC_SETS)
    elif codec == "av1":
        yield from (obu for type_, obu in _obus(data) if type_ not in {_OBU_TEMPORAL_DELIMITER, _OBU_PADDING})
    elif codec == "aac":
        yield _without_adts(data)
    else:
        yield data


def _header_parts(codec: str, extradata: bytes) -> Iterator[bytes]:
    if codec == "h264":
        units = _avc_sets(extradata) if extradata[:1] == bytes([_CONFIGURATION]) else _by_start_code(extradata)
        yield from (unit for unit in units if unit and unit[0] & 0x1F in {7, 8})
    elif codec == "hevc":
        units = _hevc_sets(extradata) if extradata[:1] == bytes([_CONFIGURATION]) else _by_start_code(extradata)
        yield from (unit for unit in units if _hevc_type(unit) in _HEVC_SETS)
    elif codec == "av1":
        is_record = extradata[:1] == bytes([_AV1_CONFIGURATION])
        obus = _obus(extradata[_AV1_CONFIGURATION_BYTES:] if is_record else extradata)
        yield from (obu for type_, obu in obus if type_ == _OBU_SEQUENCE_HEADER)
    else:
        yield extradata


def _hevc_type(unit: bytes) -> int | None:
    return unit[0] >> 1 & 0x3F if unit else None


def _length_size(codec: str, extradata: bytes) -> int:
    """Return the number of bytes of the lengths before the units; 0 if they have start codes."""
    at = 4 if codec == "h264" else 21
    return (extradata[at] & 3) + 1 if len(extradata) > at and extradata[0] == _CONFIGURATION else 0


def _by_length(data: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size <= len(data):
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        yield data[at : at + length].rstrip(b"\0")
        at += length
    if at != len(data):
        # Not what it claims to be: every byte counts, so that the digest differs.
        yield data


def _by_start_code(data: bytes) -> Iterator[bytes]:
    at = data.find(_START_CODE)
    if at < 0:
        yield data
    while at >= 0:
        begin = at + len(_START_CODE)
        at = data.find(_START_CODE, begin)
        # A unit ends with a bit that is set; zeros behind it belong to the next start code.
        yield (data[begin:] if at < 0 else data[begin:at]).rstrip(b"\0")


def _avc_sets(record: bytes) -> Iterator[bytes]:
    at = 5
    for mask in (0x1F, 0xFF):
        if at >= len(record):
            return
        count, at = record[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + length]
            at += 2 + length


def _hevc_sets(record: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(record[22] if len(record) > 22 else 0):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + length]
            at += 2 + length


def _obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and bytes of each unit, without its header's size field."""
    at = 0
    while at < len(data):
        header = data[at]
        begin = at + (2 if header & 4 else 1)
        if header & 2:
            size, begin = _leb128(data, begin)
        else:
            size = len(data) - begin
        yield header >> 3 & 0xF, bytes([header & ~2]) + data[begin : begin + size]
        at = begin + size


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and the position behind it."""
    value = 0
    for count in range(8):
        if at + count >= len(data):
            break
        value |= (data[at + count] & 0x7F) << (7 * count)
        if not data[at + count] & 0x80:
            return value, at + count + 1
    return value, len(data)


def _without_adts(data: bytes) -> bytes:
    if len(data) < _ADTS_BYTES or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        return data
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return data[_ADTS_BYTES if data[1] & 1 else _ADTS_BYTES_WITH_CRC :] if length == len(data) else data


#: Digest of the packets with which MP4 fills the time between two cues of subtitles.
NO_CUE = packet_digest("mov_text", b"\0\0", None)
