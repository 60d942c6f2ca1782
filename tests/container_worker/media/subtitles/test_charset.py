"""Encodings of subtitle files, found out from what is in them."""

import codecs
import json
from pathlib import Path

import pytest

from container_worker.media.subtitles.charset import Reading, by_confidence, choose, decode
from container_worker.media.subtitles.cues import read_cues

#: Language -> what somebody says in it, and the encodings in which people of it have their files.
SPOKEN = {
    "ru": (["Привет, как у тебя дела?", "Это русские субтитры для проверки."], ["cp1251", "koi8-r", "cp866"]),
    "uk": (["Що ти тут робиш? Їжа вже готова.", "Ми їдемо додому, є ще час."], ["cp1251", "koi8-u"]),
    "bg": (["Какво правиш тук, приятелю?", "Трябва да тръгваме веднага."], ["cp1251"]),
    "el": (["Καλημέρα, τι κάνεις σήμερα;", "Δεν ξέρω τι να σου πω."], ["cp1253", "iso8859-7"]),
    "tr": (["Günaydın, bugün nasılsın?", "Teşekkür ederim, çok iyiyim."], ["cp1254", "iso8859-9"]),
    "he": (["בוקר טוב, מה שלומך היום?", "אני לא יודע מה לומר לך."], ["cp1255", "iso8859-8"]),
    "ar": (["صباح الخير، كيف حالك اليوم؟", "لا أعرف ماذا أقول لك."], ["cp1256"]),
    "lt": (["Labas rytas, kaip jūs šiandien jaučiatės?", "Ačiū, aš labai gerai, o jūs?"], ["cp1257"]),
    "pl": (["Dzień dobry, jak się dzisiaj czujesz?", "Nie wiem, co mam ci powiedzieć, żółta łódź."], ["cp1250", "iso8859-2"]),
    "cs": (["Dobré ráno, jak se dneska máš?", "Nevím, co ti mám říct, příteli můj."], ["cp1250", "iso8859-2"]),
    "hu": (["Jó reggelt, hogy érzed magad ma?", "Nem tudom, mit mondjak erről az őrült nőről."], ["cp1250", "iso8859-2"]),
    "th": (["สวัสดีครับ วันนี้เป็นอย่างไรบ้าง", "ผมไม่รู้ว่าจะพูดอะไรกับคุณ"], ["cp874"]),
    "ja": (["おはようございます。今日は元気ですか。", "何を言えばいいのか分かりません。"], ["cp932", "euc-jp", "iso2022_jp"]),
    "ko": (["좋은 아침입니다. 오늘 기분이 어때요?", "무슨 말을 해야 할지 모르겠어요."], ["cp949", "euc-kr"]),
    "zh": (["早上好，你今天怎么样？", "我不知道该对你说什么。"], ["gbk", "gb18030"]),
    "zh-Hant": (["早安，你今天過得怎麼樣？", "我不知道該對你說什麼。"], ["big5", "cp950"]),
    "fr": (["Bonjour, où étais-tu passé hier après-midi ?", "Ça m’a beaucoup gêné, tu sais."], ["cp1252"]),
    "es": (["¿Dónde está mi corazón?", "¡Qué mañana tan bonita, señor!"], ["cp1252", "iso8859-1"]),
    "de": (["Schöne Grüße aus München!", "Ich möchte über das Wetter reden."], ["cp1252", "iso8859-15"]),
    "pt": (["Não é possível, meu irmão.", "Amanhã vamos à praia, está bem?"], ["cp1252"]),
    "sv": (["Jag vet inte vad jag ska säga.", "Är det så här du gör på måndagar?"], ["cp1252"]),
}  # fmt: skip


def _srt(lines: list[str]) -> str:
    return "\n".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n{line}\n" for n, line in enumerate(lines, 1))


@pytest.mark.parametrize(
    ("language", "encoding"), [(language, encoding) for language, (_, encodings) in SPOKEN.items() for encoding in encodings]
)
def test_two_cues_are_enough_to_tell_the_encoding(language: str, encoding: str) -> None:
    """With the language named and without, in the encodings that each is written in."""
    text = _srt(SPOKEN[language][0])
    data = text.encode(encoding)
    assert decode(data).text == text
    assert decode(data, language).text == text


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_told_by_its_form(language: str, encoding: str) -> None:
    """With a mark and without, whatever the language, and without a doubt."""
    text = _srt(SPOKEN[language][0])
    decoded = decode(text.encode(encoding), "ru")
    assert (decoded.text, decoded.is_doubtful, decoded.damaged) == (text, False, 0)


def test_utf_16_with_a_big_endian_mark_is_read() -> None:
    """The mark says so."""
    assert decode(codecs.BOM_UTF16_BE + _srt(["世界"]).encode("utf-16-be")).text == _srt(["世界"])


def test_a_file_padded_with_zeros_is_not_taken_for_utf_16() -> None:
    """A broken download can end in zeros."""
    text = _srt(SPOKEN["fr"][0])
    assert decode(text.encode() + bytes(4000)).text.rstrip("\0") == text


def _read(tmp_path: Path, data: bytes, language: str | None = None) -> list[str]:
    path = tmp_path / "s.srt"
    path.write_bytes(data)
    return [cue.text for cue in read_cues(str(path), "subtitles", language)]


def test_a_bad_byte_in_utf_8_is_one_bad_character_and_a_warning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Not a file of mojibake."""
    data = _srt(SPOKEN["ru"][0]).encode().replace("как".encode(), "ка".encode() + b"\xd0")
    assert _read(tmp_path, data) == ["Привет, ка\ufffd у тебя дела?", SPOKEN["ru"][0][1]]
    warning = json.loads(capfd.readouterr().out)["warning"]
    assert warning == {"code": "charset_damaged", "parameters": {"encoding": "UTF-8"}}


def test_a_doubtful_guess_is_a_warning_that_names_the_encoding(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Three letters could be anything; with the language there is no doubt."""
    data = _srt(["“Hello” it’s me"]).encode("cp1252")
    _read(tmp_path, data)
    assert json.loads(capfd.readouterr().out)["warning"]["code"] == "charset_guessed"
    assert _read(tmp_path, _srt(["Да"]).encode("cp1251"), "ru") == ["Да"]


def test_nothing_is_said_of_a_clear_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A warning on every file would be read by nobody."""
    for language, encoding in (("ru", "cp1251"), ("ja", "cp932"), ("zh", "gb18030"), ("fr", "utf-8")):
        assert _read(tmp_path, _srt(SPOKEN[language][0]).encode(encoding)) == SPOKEN[language][0]
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("language", "chosen"),
    [
        (None, "cp1250"), ("pl", "cp1250"), ("de", "cp1252"), ("de-AT", "cp1252"), ("ru", "cp1250"),
        ("zh-Hant-TW", "cp950"), ("xx", "cp1252"),
    ],
)  # fmt: skip
def test_the_language_decides_between_readings_that_are_nearly_as_likely(language: str | None, chosen: str) -> None:
    """Not between one that is likely and one that is not."""
    readings = [Reading("cp1250", 0.5), Reading("cp1252", 0.4), Reading("cp950", 0.36), Reading("cp1251", 0.1)]
    assert choose(readings, language).encoding == chosen


def test_an_encoding_counts_as_the_larger_one_that_files_are_really_in() -> None:
    """Typographic quotes are in Windows-1252, and in no ISO 8859-1."""
    found = [Reading("iso8859-1", 0.3), Reading("EUC-KR", 0.2), Reading("cp1252", 0.25), Reading("iso8859-2", 0.1)]
    assert by_confidence(found) == [Reading("cp1252", 0.3), Reading("cp949", 0.2), Reading("iso8859-2", 0.1)]
    assert by_confidence([]) == [Reading("cp1252", 0.0)]


@pytest.mark.parametrize(
    ("words", "encoding", "language"),
    [
        ("Да", "cp1251", "ru"),
        ("Привет", "koi8-r", "ru"),
        ("Café", "cp1252", "fr"),
        ("世界", "gb18030", "zh"),
        ("世界", "cp932", "ja"),
    ],
)
def test_a_few_words_that_are_not_utf_8_are_a_guess_unless_their_language_is_named(
    words: str, encoding: str, language: str
) -> None:
    """So little looks like many an encoding; in UTF-8 it is clear."""
    assert decode(_srt([words]).encode(encoding)).is_doubtful
    named = decode(_srt([words]).encode(encoding), language)
    assert (named.text, named.is_doubtful) == (_srt([words]), False)
    assert not decode(_srt([words]).encode()).is_doubtful


def test_only_files_that_are_short_themselves_are_doubtful_for_their_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two cues no more than before, nor a long file for its one short line beyond ASCII."""

    def doubtful() -> list[tuple[str, str]]:
        spoken = [(language, encoding) for language, (_, encodings) in SPOKEN.items() for encoding in encodings]
        return [each for each in spoken if decode(_srt(SPOKEN[each[0]][0]).encode(each[1])).is_doubtful]

    with_length = doubtful()
    long = _srt(["plain words"] * 20 + ["Да"]).encode("cp1251")
    assert not decode(long).is_doubtful
    monkeypatch.setattr("container_worker.media.subtitles.charset._FEW_BYTES", 0)
    assert with_length == doubtful()
