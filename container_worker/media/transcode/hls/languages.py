"""Names languages as playlists do (RFC 5646): by two letters where the language has such a name."""

from collections.abc import Mapping

#: ISO 639-2 -> ISO 639-1, for the languages that videos are most often in; terms of both kinds.
_TWO_LETTERS: Mapping[str, str] = {
    "afr": "af", "amh": "am", "ara": "ar", "aze": "az", "bel": "be", "bul": "bg", "ben": "bn", "bos": "bs", "cat": "ca",
    "ces": "cs", "cze": "cs", "cym": "cy", "wel": "cy", "dan": "da", "deu": "de", "ger": "de", "ell": "el", "gre": "el",
    "eng": "en", "spa": "es", "est": "et", "baq": "eu", "eus": "eu", "fas": "fa", "per": "fa", "fin": "fi", "fra": "fr",
    "fre": "fr", "gle": "ga", "glg": "gl", "guj": "gu", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "arm": "hy",
    "hye": "hy", "ind": "id", "ice": "is", "isl": "is", "ita": "it", "jpn": "ja", "geo": "ka", "kat": "ka", "kaz": "kk",
    "khm": "km", "kan": "kn", "kor": "ko", "lat": "la", "lao": "lo", "lit": "lt", "lav": "lv", "mac": "mk", "mkd": "mk",
    "mal": "ml", "mon": "mn", "mar": "mr", "may": "ms", "msa": "ms", "mlt": "mt", "bur": "my", "mya": "my", "nob": "nb",
    "nep": "ne", "dut": "nl", "nld": "nl", "nno": "nn", "nor": "no", "pan": "pa", "pol": "pl", "por": "pt", "ron": "ro",
    "rum": "ro", "rus": "ru", "sin": "si", "slk": "sk", "slo": "sk", "slv": "sl", "som": "so", "alb": "sq", "sqi": "sq",
    "srp": "sr", "swe": "sv", "swa": "sw", "tam": "ta", "tel": "te", "tha": "th", "tgl": "tl", "tur": "tr", "ukr": "uk",
    "urd": "ur", "uzb": "uz", "vie": "vi", "chi": "zh", "zho": "zh", "zul": "zu",
}  # fmt: skip
#: Codes of no language: undetermined, none, several, uncoded.
_NONE = frozenset({"und", "zxx", "mul", "mis"})


def language_tag(code: str | None) -> str | None:
    """Return the tag of a language; None for none.

    Args:
        code: as a container has it: of three letters, or a tag already.
    """
    plain = "".join(char for char in code or "" if char.isascii() and (char.isalnum() or char == "-"))[:35]
    if not plain or plain.lower() in _NONE:
        return None
    return _TWO_LETTERS.get(plain.lower(), plain)
