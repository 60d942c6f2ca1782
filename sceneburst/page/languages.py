"""Reads the page's catalogues (gettext's .po files) into memory, and chooses the language of a request."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TypeVar

from sceneburst.words import CHINESE, ENGLISH, Language

#: The page's languages, each with its name in itself.
NAMES: Mapping[str, str] = {"en": "English", "zh": "中文"}
DEFAULT = "en"
_WORDS: Mapping[str, tuple[Language, ...]] = {"en": (ENGLISH,), "zh": (CHINESE, ENGLISH)}
_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr|msgstr\[(\d)\])\s+)?("(?:[^"\\]|\\.)*")\s*\Z')
T = TypeVar("T", bound=str)


def msgid(text: T) -> T:
    """Mark a text for translation; it is translated where it is shown."""
    return text


@dataclass
class Message:
    """An entry of a catalogue."""

    msgid: str = ""
    plural: str = ""
    #: The translations by number of the plural form; a message without plural has only the first.
    forms: dict[int, str] = field(default_factory=dict)


def read_po(text: str) -> list[Message]:
    """Parse a .po file; comments, and messages that are commented out, are left out."""
    found: list[Message] = []
    part = ""
    for line in text.splitlines():
        matched = _LINE.match(line)
        if matched is None:
            continue
        keyword, number, quoted = matched.groups()
        said = str(ast.literal_eval(quoted))
        part = keyword or part
        if keyword == "msgid":
            found.append(Message())
        if not found:
            continue
        message = found[-1]
        if part == "msgid":
            message.msgid += said
        elif part == "msgid_plural":
            message.plural += said
        elif part.startswith("msgstr"):
            form = int(number or 0) if keyword else max(message.forms, default=0)
            message.forms[form] = message.forms.get(form, "") + said
    return found


class Catalogue:
    """The texts of one language. A text without a translation is shown in English."""

    def __init__(self, code: str, messages: list[Message]) -> None:
        #: As in the `lang` attribute.
        self.code = code
        #: The sentences of reasons, the first language that has one.
        self.words = _WORDS[code]
        self._texts = {message.msgid: message.forms for message in messages if message.msgid}

    def gettext(self, text: str) -> str:
        """Return the translation of a text."""
        return self._texts.get(text, {}).get(0) or text

    def ngettext(self, singular: str, plural: str, number: float) -> str:
        """Return the translation that belongs to a number; Chinese has one form."""
        forms = self._texts.get(singular)
        if forms:
            return forms.get(0 if len(forms) == 1 or number == 1 else 1) or singular
        return singular if number == 1 else plural


def read_messages(code: str) -> list[Message]:
    """Return the messages of a language, whose catalogue has a file for each part of the page."""
    folder = files("sceneburst.page") / "locale" / code / "LC_MESSAGES"
    parts = sorted((file for file in folder.iterdir() if file.name.endswith(".po")), key=str) if folder.is_dir() else []
    return [message for part in parts for message in read_po(part.read_text(encoding="utf-8"))]


def read_catalogues() -> dict[str, Catalogue]:
    """Return the catalogues of all languages."""
    return {code: Catalogue(code, read_messages(code)) for code in NAMES}


def language_of(chosen: str | None, accepted: str) -> str:
    """Return the language of a request: the one chosen, else the first that the browser accepts, else English.

    Args:
        chosen: the value of the cookie.
        accepted: the Accept-Language header.
    """
    if chosen and chosen in NAMES:
        return chosen
    wanted = []
    for place, part in enumerate(accepted[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        wanted.append((-weight, place, tag.partition("-")[0].lower()))
    return next((code for weight, _, code in sorted(wanted) if code in NAMES and weight), DEFAULT)
