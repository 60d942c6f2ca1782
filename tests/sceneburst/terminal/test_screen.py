"""Values in the words of people, and text of others made harmless."""

import json

import pytest

from sceneburst.terminal.screen import age_text, cell_text, print_json, seconds_text, settings_from, shown, size_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "–"), (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB"),
        (3 << 30, "3.0 GiB"), (5 << 40, "5120.0 GiB"),
    ],
)  # fmt: skip
def test_sizes_are_in_the_largest_unit_that_fits(count: int | None, text: str) -> None:
    """GiB is the largest there is."""
    assert size_text(count) == text


@pytest.mark.parametrize(
    ("since_ms", "text"),
    [
        (0, "–"), (100_000_000, "0 s"), (99_999_001, "0 s"), (99_941_000, "59 s"), (99_940_000, "1 min"), (96_400_000, "1 h"),
        (13_600_000, "1 d"), (200_000_000, "0 s"),
    ],
)  # fmt: skip
def test_ages_are_whole_units_and_never_negative(since_ms: int, text: str) -> None:
    """0 is no time at all; a clock that was set back makes no age negative."""
    assert age_text(since_ms, 100_000_000) == text


def test_seconds_have_one_decimal() -> None:
    """None is no number of them."""
    assert (seconds_text(None), seconds_text(0.0), seconds_text(12.345)) == ("–", "0.0 s", "12.3 s")


def test_text_of_others_loses_its_secrets_and_its_control_characters() -> None:
    """A line break stays in a sentence, and is written out in a cell."""
    assert shown("a\x1b[2Jb\rc\nd") == "a\\x1b[2Jb\\x0dc\nd"
    assert cell_text("a\nb\tc") == "a\\nb\\tc"
    assert "secret" not in shown("redis://:secret@host:6379/0")


def test_json_hides_secrets_in_names_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    """However deep; other values stay what they are."""
    print_json({"redis://:secret@host/0": [{"url": "redis://:secret@host/0", "count": 1, "none": None}]})
    said = capsys.readouterr().out
    assert "secret" not in said
    ((inner,),) = json.loads(said).values()
    assert (inner["count"], inner["none"]) == (1, None)


def test_the_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option by itself."""
    monkeypatch.setenv("SCENEBURST_REDIS_URL", "redis://there:6379/0")
    monkeypatch.setenv("SCENEBURST_NAMESPACE", "theirs")
    settings = settings_from(None, "ours")
    assert (settings.redis_url.get_secret_value(), settings.namespace) == ("redis://there:6379/0", "ours")
    settings = settings_from("redis://here:6379/0", None)
    assert (settings.redis_url.get_secret_value(), settings.namespace) == ("redis://here:6379/0", "theirs")
