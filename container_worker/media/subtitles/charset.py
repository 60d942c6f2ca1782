"""Detects the encoding of a subtitle file."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: UTF-32's marks come before those of UTF-16, which are prefixes of them.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
#: Bytes searched for UTF-16 without a mark, and the share of zeros among every other byte that proves it.
_HEAD_BYTES = 4096
_ZEROS = 0.25
#: An escape sequence of ISO-2022-JP, which is ASCII otherwise.
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")
_ASCII = bytes(range(0x80))
#: Share of the non-ASCII bytes that must form whole characters for a file to count as damaged UTF-8.
_MIN_WHOLE_SHARE = 0.8
#: Encodings that the detector considers; it knows others that no subtitles are written in.
_ENCODINGS = (
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "iso8859-1", "iso8859-2",
    "iso8859-7", "iso8859-8", "iso8859-9", "iso8859-15", "koi8-r", "koi8-u", "cp866", "cp874", "gb18030", "big5hkscs", "euc-jp",
    "shift_jis_2004", "cp932", "euc-kr", "cp949",
)  # fmt: skip
#: Encoding -> its superset, which is used instead. ISO 8859-2 and -7 are not subsets of 1250 and 1253.
_LARGER = {
    "iso8859-1": "cp1252", "iso8859-15": "cp1252", "iso8859-9": "cp1254", "iso8859-8": "cp1255", "euc_kr": "cp949",
    "shift_jis": "cp932", "shift_jis_2004": "cp932", "big5": "cp950", "big5hkscs": "cp950", "gb2312": "gb18030", "gbk": "gb18030",
}  # fmt: skip
#: Language -> its usual encodings.
_OF_LANGUAGE = {
    **dict.fromkeys(("bg", "mk", "ru"), ("cp1251", "koi8-r", "cp866")),
    **dict.fromkeys(("be", "uk"), ("cp1251", "koi8-u", "cp866")),
    **dict.fromkeys(("bs", "cs", "hr", "hu", "pl", "ro", "sk", "sl", "sq"), ("cp1250", "iso8859-2")), "sr": ("cp1251", "cp1250"),
    "el": ("cp1253", "iso8859-7"), **dict.fromkeys(("az", "tr"), ("cp1254",)), **dict.fromkeys(("he", "yi"), ("cp1255",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("cp1256",)), **dict.fromkeys(("et", "lt", "lv"), ("cp1257",)), "vi": ("cp1258",),
    "th": ("cp874",), "ja": ("cp932", "euc_jp"), "ko": ("cp949",), "zh": ("gb18030", "cp950"), "zh-hant": ("cp950",),
    "zh-hans": ("gb18030",), "zh-tw": ("cp950",), "zh-hk": ("cp950",), "zh-cn": ("gb18030",),
}  # fmt: skip
#: Python's name of an encoding -> its common name.
NAMES = {
    **{f"cp125{page}": f"Windows-125{page}" for page in range(9)}, "cp866": "DOS 866", "cp874": "Windows-874 (Thai)",
    "cp932": "Shift-JIS", "cp949": "EUC-KR (Windows-949)", "cp950": "Big5", "gb18030": "GB18030", "euc_jp": "EUC-JP",
    "koi8-r": "KOI8-R", "koi8-u": "KOI8-U", "iso8859-2": "ISO 8859-2", "iso8859-7": "ISO 8859-7", "utf-8": "UTF-8",
    "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-8-sig": "UTF-8", "utf-32": "UTF-32",
    "iso2022_jp": "ISO-2022-JP",
}  # fmt: skip
#: Confidence, relative to the best, at which an encoding of the scene's language is preferred; and of Windows-1252 without one.
_HINT_SHARE = 0.7
_TIE_SHARE = 0.95
#: A reading is doubtful if another one has nearly its confidence (relative difference) and differs in more than this share
#: of the non-ASCII characters.
_CLOSE = 0.02
_OTHER_SHARE = 0.1
#: With fewer non-ASCII bytes, in a file up to this size, a guess is doubtful unless the language supports it.
_FEW_BYTES, _SMALL_FILE = 40, 400
#: Bytes compared between two readings.
_SAMPLE = 20_000


@dataclass(frozen=True)
class Decoded:
    """A file's text, and how it was decoded."""

    text: str
    encoding: str
    #: Invalid bytes, which became replacement characters.
    damaged: int = 0
    #: True for a guess that may well be wrong.
    is_doubtful: bool = False


class Reading(NamedTuple):
    """A possible encoding and its confidence, 0 to 1."""

    encoding: str
    confidence: float


def decode(data: bytes, language: str | None = None) -> Decoded:
    """Decode a subtitle file: by its byte order mark, as UTF-16 by its zeros, as UTF-8, else by detection.

    Args:
        data: the file.
        language: BCP 47 tag of the text, if known; decides between similarly likely encodings.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _read(data, encoding)
    wide = _utf16_order(data[:_HEAD_BYTES])
    if wide is not None:
        return _read(data, wide)
    if _JAPANESE_ESCAPE.search(data):
        return _read(data, "iso2022_jp")
    strict = _read(data, "utf-8")
    if not strict.damaged:
        return strict
    beyond = len(data.translate(None, _ASCII))
    if beyond - strict.damaged >= _MIN_WHOLE_SHARE * beyond:
        return strict
    return _detect(data, language)


def _utf16_order(head: bytes) -> str | None:
    """UTF-16's byte order, where the text holds characters of ASCII as every subtitle file does."""
    low, high = head[0::2], head[1::2]
    zeros = {"utf-16-le": high.count(0), "utf-16-be": low.count(0)}
    order = max(zeros, key=lambda name: zeros[name])
    # A file padded with zeros has as many in both halves.
    return order if zeros[order] > _ZEROS * len(low) and min(zeros.values()) * 4 < zeros[order] else None


def _read(data: bytes, encoding: str) -> Decoded:
    """Decode with this encoding, counting invalid bytes."""
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        kept = data.decode(encoding, errors="ignore")
        damaged = len(data) - len(kept.encode(encoding, errors="ignore")) if encoding == "utf-8" else 1
        return Decoded(data.decode(encoding, errors="replace"), encoding, max(1, damaged))


def _detect(data: bytes, language: str | None) -> Decoded:
    # For few files only: it takes a quarter of a second to load, and 40 MB.
    import chardet

    sample = distinct_non_ascii_lines(data)
    found = chardet.detect_all(sample, ignore_threshold=True, compat_names=False, include_encodings=_ENCODINGS)
    readings = by_confidence([Reading(each["encoding"] or "cp1252", each["confidence"]) for each in found])
    chosen = choose(readings, language)
    decoded = _read(data, chosen.encoding)
    is_little = len(sample) < _FEW_BYTES and len(data) <= _SMALL_FILE
    is_named = language is not None and chosen.encoding in _encodings_of(language)
    is_doubtful = (is_little and not is_named) or _is_doubtful(data[:_SAMPLE], chosen, readings)
    return Decoded(decoded.text, decoded.encoding, decoded.damaged, is_doubtful)


def distinct_non_ascii_lines(data: bytes) -> bytes:
    """Return the distinct non-ASCII lines, because ASCII times and numbers would mislead the detector."""
    return b"\n".join(dict.fromkeys(line for line in re.split(rb"[\r\n]+", data) if not line.isascii()))


def by_confidence(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings, most confident first, each encoding once, supersets in place of subsets."""
    best: dict[str, float] = {}
    for reading in readings:
        name = codecs.lookup(reading.encoding).name
        name = _LARGER.get(name, name)
        best[name] = max(best.get(name, 0.0), reading.confidence)
    ordered = sorted(best.items(), key=lambda item: -item[1])
    return [Reading(*each) for each in ordered] or [Reading("cp1252", 0.0)]


def choose(readings: Sequence[Reading], language: str | None) -> Reading:
    """Return the most confident reading, or one in an encoding of this language that is nearly as confident.

    Without a language Windows-1252, the most common encoding, wins a tie.
    """
    best = readings[0]
    own, share = (_encodings_of(language), _HINT_SHARE) if language else (("cp1252",), _TIE_SHARE)
    return next((each for each in readings if each.encoding in own and each.confidence >= share * best.confidence), best)


def _encodings_of(language: str) -> tuple[str, ...]:
    parts = language.lower().split("-")
    known = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((_OF_LANGUAGE[name] for name in known if name in _OF_LANGUAGE), ("cp1252",))


def _is_doubtful(data: bytes, chosen: Reading, readings: Sequence[Reading]) -> bool:
    text = data.decode(chosen.encoding, errors="replace")
    for other in readings:
        if other.encoding != chosen.encoding and _differs(text, data.decode(other.encoding, errors="replace")):
            return abs(chosen.confidence - other.confidence) < _CLOSE * max(chosen.confidence, other.confidence)
    return False


def _differs(text: str, other: str) -> bool:
    if len(text) != len(other):
        return True
    pairs = [(a, b) for a, b in zip(text, other, strict=True) if a > "\x7f"]
    return sum(a != b for a, b in pairs) > _OTHER_SHARE * len(pairs)
