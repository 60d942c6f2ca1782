"""Splits text into grapheme clusters, which are divided neither between lines nor between fonts."""

import re
from functools import lru_cache
from typing import Any

#: Western European letters and common marks, none of which join.
_SINGLE = re.compile("[\u0020-\u02ff\u2010-\u2027\u2030-\u205e]*")
#: A cluster of UAX 29, extended by Thai and Lao vowels written before their consonant, consonants without their vowel that
#: stack on the next one, and vowels written after their consonant.
_PATTERN = (
    r"(?:[\u0E40-\u0E44\u0EC0-\u0EC4](?=\p{L})"
    r"|\X(?<=[\p{InSC=Virama}\p{InSC=Invisible_Stacker}]\u200d?)(?=\p{L}))*+"
    r"\X[\p{M}\u0E30\u0E32\u0E33\u0E45\u0EB0\u0EB2\u0EB3]*+"
)


@lru_cache(maxsize=1)
def _find_all() -> Any:
    import regex

    return regex.compile(_PATTERN).findall


def clusters(text: str) -> list[str]:
    """Split the text into clusters; concatenated, they are the text."""
    if _SINGLE.fullmatch(text):
        return list(text)
    found: list[str] = _find_all()(text)
    return found
