"""Finds out in which encoding a subtitle file is written."""

import codecs
from functools import lru_cache
from itertools import islice

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: Western text read as Chinese gives rare characters one after another (0.4 of them common at most); Chinese has
#: 0.95 and more common ones, about half of that in the wrong one of its two encodings.
_LEAST_COMMON = 0.7
#: Of a Chinese character's two bytes the second is in most cases beyond ASCII too; in Western text the one behind an accented
#: letter is a plain letter.
_LEAST_BEYOND_ASCII = 0.4
#: So many characters tell the language.
_SAMPLE = 20_000


def decode(data: bytes) -> str:
    """Text of a subtitle file: by its byte order mark, else UTF-8, UTF-16 by its zeros, Chinese, else Windows-1252.

    Nearly every file can be read as GB18030, so that one and Big5 count only where common Chinese comes out.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    head = data[:4096]
    if head[1::2].count(0) > len(head) // 8:
        return data.decode("utf-16-le", errors="replace")
    if head[0::2].count(0) > len(head) // 8:
        return data.decode("utf-16-be", errors="replace")
    text = _read(data, "utf-8")
    if text is not None:
        return text
    readings = [
        (share_of_common(found, encoding), found) for encoding in ("gb18030", "cp950") if (found := _read(data, encoding))
    ]
    share, text = max(readings, default=(0.0, ""))
    return text if share >= _LEAST_COMMON else data.decode("cp1252", errors="replace")


def _read(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def share_of_common(text: str, encoding: str) -> float:
    """How much of the text beyond ASCII is everyday Chinese, simplified or traditional, and its marks; 0 for unlikely bytes."""
    beyond = list(islice((char for char in text if char > "\x7f"), _SAMPLE))
    if sum(char.encode(encoding)[-1] > 0xA0 for char in beyond) < _LEAST_BEYOND_ASCII * max(1, len(beyond)):
        return 0.0
    return sum(char in _common() for char in beyond) / len(beyond)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """The 3,755 characters of GB 2312's first level, the 5,401 of Big5's, and the marks of both."""
    high, low = range(0xA1, 0xFF), range(0x40, 0x7F)
    simplified = [bytes((lead, trail)) for lead in (*range(0xA1, 0xA4), *range(0xB0, 0xD8)) for trail in high]
    traditional = [bytes((lead, trail)) for lead in range(0xA1, 0xC7) for trail in (*low, *high)]
    found = b"".join(simplified).decode("gb2312", "ignore") + b"".join(traditional).decode("big5", "ignore")
    return frozenset(found)
