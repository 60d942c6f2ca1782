r"""Makes the word lists for breaking lines of Thai, Lao, Khmer and Burmese, from ICU's data in Debian's source package.

apt-get source --download-only icu && tar xzf icu_*.orig.tar.gz
printf 'brkitr/%sdict.dict\n' thai lao khmer burmese > names
icupkg -d ICU -x names icu/source/data/in/icudt*l.dat
python deploy/make_word_lists.py ICU/brkitr icu/LICENSE
"""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from container_worker.media.text.wordlist import LISTS, packed

_LANGUAGES = ("thai", "lao", "khmer", "burmese")


class _Trie:
    """An ICU BytesTrie: its words are the paths from the root to a value."""

    def __init__(self, data: bytes, first: int) -> None:
        self._data, self._first = data, first

    def words(self) -> Iterator[str]:
        for key in self._walk(0, b""):
            yield "".join({0xFF: "\u200d", 0xFE: "\u200c"}.get(byte, chr(self._first + byte)) for byte in key)

    def _walk(self, at: int, key: bytes) -> Iterator[bytes]:
        while True:
            lead = self._data[at]
            at += 1
            if lead >= 0x20:  # a value: a word ends here, and perhaps more follow
                yield key
                if lead & 1:
                    return
                at = self._after_number(at, lead >> 1, 0x51, 0x6C, 0x7E)
            elif lead >= 0x10:
                count = lead - 0x10 + 1
                key += self._data[at : at + count]
                at += count
            else:
                if lead == 0:
                    lead = self._data[at]
                    at += 1
                yield from self._branch(at, lead + 1, key)
                return

    def _branch(self, at: int, count: int, key: bytes) -> Iterator[bytes]:
        while count > 5:
            at += 1  # the byte compared with
            left = count >> 1
            jump, at = self._jump(at)
            yield from self._branch(at + jump, left, key)
            count -= left
        for _ in range(count - 1):
            byte, lead = self._data[at : at + 1], self._data[at + 1]
            value_at = at + 2
            at = self._after_number(value_at, lead >> 1, 0x51, 0x6C, 0x7E)
            if lead & 1:
                yield key + byte
            else:
                yield from self._walk(at + self._number(value_at, lead >> 1), key + byte)
        yield from self._walk(at + 1, key + self._data[at : at + 1])

    @staticmethod
    def _after_number(at: int, lead: int, two: int, three: int, four: int) -> int:
        return at + (lead >= two) + (lead >= three) + (lead >= four) + (lead > four)

    def _number(self, at: int, lead: int) -> int:
        """Decode the number that begins with this byte."""
        if lead < 0x51:
            return lead - 0x10
        if lead < 0x6C:
            return ((lead - 0x51) << 8) | self._data[at]
        size = {0x7E: 3, 0x7F: 4}.get(lead, 2)
        high = (lead - 0x6C) << 16 if lead < 0x7E else 0
        return high | int.from_bytes(self._data[at : at + size], "big")

    def _jump(self, at: int) -> tuple[int, int]:
        """Decode the distance to the branch of smaller bytes, and the end of that number."""
        lead = self._data[at]
        at += 1
        if lead < 0xC0:
            return lead, at
        if lead < 0xF0:
            return ((lead - 0xC0) << 8) | self._data[at], at + 1
        size = {0xFE: 3, 0xFF: 4}.get(lead, 2)
        high = (lead - 0xF0) << 16 if lead < 0xFE else 0
        return high | int.from_bytes(self._data[at : at + size], "big"), at + size


def _words(path: Path) -> list[str]:
    """Read the words of an ICU dictionary, sorted."""
    data = path.read_bytes()
    header = struct.unpack_from("<H", data)[0]
    trie_at, _, _, _, kind, transform = struct.unpack_from("<6i", data, header)
    if kind & 7 or transform & 0x7F000000 != 0x1000000:
        raise ValueError(f"{path} is no trie of bytes")
    return sorted(_Trie(data[header + trie_at :], transform & 0x1FFFFF).words())


def main(dictionaries: Path, licence: Path) -> None:
    """Write the lists and their licence."""
    LISTS.mkdir(exist_ok=True)
    for language in _LANGUAGES:
        words = _words(dictionaries / f"{language}dict.dict")
        (LISTS / f"{language}.xz").write_bytes(packed(words))
        print(language, len(words), "words")
    (LISTS / "LICENSE.txt").write_text(licence.read_text(encoding="utf-8-sig"), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
