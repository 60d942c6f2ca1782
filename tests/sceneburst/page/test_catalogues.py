"""The page's catalogues: complete, with the same placeholders, and without leftovers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2.ext import babel_extract

import sceneburst.page
from sceneburst.page.languages import DEFAULT, NAMES, Message, read_messages
from sceneburst.words import CHINESE, ENGLISH

_FOLDER = Path(sceneburst.page.__file__).parent
_MARKS = {"msgid", "say", "gettext"}
_PLACEHOLDER = re.compile(r"%\(\w+\)s")
_PARAMETER = re.compile(r"\{(\w+)")
_LANGUAGES = [code for code in NAMES if code != DEFAULT]


def _texts() -> Iterator[str]:
    for template in sorted((_FOLDER / "templates").rglob("*.html")):
        with template.open("rb") as file:
            for _, _, found, _ in babel_extract(file, ("_", "gettext", "ngettext"), [], {}):
                text = found[0] if isinstance(found, tuple) else found
                if text:
                    yield text
    for module in sorted(_FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _MARKS and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def _messages(code: str) -> dict[str, Message]:
    return {message.msgid: message for message in read_messages(code) if message.msgid}


@pytest.mark.parametrize("code", _LANGUAGES)
def test_every_text_of_the_page_is_translated_and_nothing_else(code: str) -> None:
    """A text that a template no longer has would never be noticed."""
    messages = _messages(code)
    texts = set(_texts())
    assert len(texts) > 200
    assert texts - messages.keys() == set()
    assert messages.keys() - texts == set()


@pytest.mark.parametrize("code", _LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_text(code: str) -> None:
    """No other, as that would fail where it is shown; Chinese may leave a number of one out."""
    for message in _messages(code).values():
        wanted = {*_PLACEHOLDER.findall(message.msgid), *_PLACEHOLDER.findall(message.plural)}
        for form in message.forms.values():
            assert form, message.msgid
            assert set(_PLACEHOLDER.findall(form)) == wanted, message.msgid


def test_a_chinese_sentence_belongs_to_a_code_and_has_its_parameters() -> None:
    """No other, as only these are given with the code; one that chooses a plural may be left out."""
    for code, sentence in CHINESE.sentences.items():
        assert set(_PARAMETER.findall(sentence)) <= set(_PARAMETER.findall(ENGLISH.sentences[code])), code
