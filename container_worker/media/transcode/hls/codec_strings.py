"""Names codecs as playlists do (RFC 6381), from the decoder's configuration in an MP4."""

from typing import NamedTuple

#: Sound whose name needs no configuration.
_PLAIN = {"ac3": "ac-3", "eac3": "ec-3", "flac": "fLaC", "alac": "alac", "opus": "Opus"}
#: First number of an AAC object type that a further byte completes.
_ESCAPE = 31


class Colour(NamedTuple):
    """Numbers of ISO/IEC 23091-2 for primaries, transfer and matrix, and whether the full range is used."""

    primaries: int = 1
    transfer: int = 1
    matrix: int = 1
    is_full: bool = False


def codec_string(codec: str, extradata: bytes, colour: Colour | None = None) -> str:
    """Return the name of a codec with profile and level.

    Args:
        codec: FFmpeg's name.
        extradata: avcC, hvcC, av1C, or AAC's configuration.
        colour: of an AV1 picture.

    Raises:
        ValueError: no playlist names such a codec, or the configuration is cut short.
    """
    try:
        match codec:
            case "h264":
                return f"avc1.{extradata[1:4].hex()}"
            case "hevc":
                return _hevc(extradata)
            case "av1":
                return _av1(extradata, colour or Colour())
            case "aac":
                kind = extradata[0] >> 3
                return f"mp4a.40.{32 + ((extradata[0] & 7) << 3 | extradata[1] >> 5) if kind == _ESCAPE else kind}"
            case _:
                return _PLAIN[codec]
    except (IndexError, KeyError):
        raise ValueError(codec) from None


def video_range(transfer: int) -> str:
    """Return the name of a transfer function's range of brightness."""
    return {16: "PQ", 18: "HLG"}.get(transfer, "SDR")


def _hevc(record: bytes) -> str:
    space, tier, profile = record[1] >> 6, record[1] >> 5 & 1, record[1] & 0x1F
    # The flags are written with the lowest bit first.
    flags = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = [f"{byte:X}" for byte in record[6:12].rstrip(b"\0")]
    parts = [f"{' ABC'[space].strip()}{profile}", f"{flags:X}", f"{'LH'[tier]}{record[12]}", *constraints]
    return f"hvc1.{'.'.join(parts)}"


def _av1(record: bytes, colour: Colour) -> str:
    profile, level, flags = record[1] >> 5, record[1] & 0x1F, record[2]
    depth = 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
    name = f"av01.{profile}.{level:02d}{'MH'[flags >> 7]}.{depth:02d}"
    if colour == Colour():
        return name
    chroma = f"{flags >> 3 & 1}{flags >> 2 & 1}{flags & 3}"
    numbers = f"{colour.primaries:02d}.{colour.transfer:02d}.{colour.matrix:02d}"
    return f"{name}.{flags >> 4 & 1}.{chroma}.{numbers}.{int(colour.is_full)}"
