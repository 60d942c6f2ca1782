"""Tables on narrow terminals: no id is torn, nothing is lost."""

import io

import pytest
from rich.console import Console

from sceneburst.terminal.screen import table

_JOB = "job-4711-of-the-northern-shop-2026-11-27"
_REASON = "BadInput: image: s3://bucket/a-very-long-folder/and-another-one/picture-0001.jpg is not a picture at all"


def _printed(width: int) -> list[str]:
    made = table("job", "item", "scene", "attempts>", "last reason~")
    made.add_row(_JOB, "0-17", "scene of the harbour", "3", _REASON)
    made.add_row("b", "0-1", "s", "1", "")
    screen = Console(file=io.StringIO(), width=width)
    screen.print(made, crop=False)
    return screen.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [10, 40, 60, 80, 100, 160])
def test_every_word_is_whole_at_any_width(width: int) -> None:
    """An id that is copied from the screen is the id."""
    lines = _printed(width)
    for word in (_JOB, "0-17", "scene of the harbour", "s3://bucket/a-very-long-folder/and-another-one/picture-0001.jpg"):
        assert any(word in line for line in lines), (width, word)
    assert " ".join(_REASON.split()[-5:]) in " ".join(" ".join(lines).split())


def test_a_row_becomes_lines_where_the_columns_do_not_fit() -> None:
    """The first cell leads; short ones share lines; prose comes last."""
    assert _printed(60) == [
        f"job {_JOB}",
        "  item 0-17 · scene scene of the harbour · attempts 3",
        "  last reason BadInput: image:",
        "  s3://bucket/a-very-long-folder/and-another-one/picture-0001.jpg",
        "  is not a picture at all",
        "job b",
        "  item 0-1 · scene s · attempts 1",
    ]


def test_text_of_others_moves_no_cursor_and_is_no_markup() -> None:
    """Neither escape sequences nor brackets do anything."""
    made = table("job", "reason~")
    made.add_row("[bold]a[/]", "\x1b[2J\x9b[/]")
    screen = Console(file=io.StringIO(), width=80)
    screen.print(made, crop=False)
    assert "[bold]a[/]  \\x1b[2J\\x9b[/]" in screen.file.getvalue()  # type: ignore[attr-defined]


def test_a_cell_is_one_line() -> None:
    """A row is a row, whatever others have put into its cells."""
    made = table("job", "reason~")
    made.add_row("a\nb", "c\td\r\n")
    screen = Console(file=io.StringIO(), width=80)
    screen.print(made, crop=False)
    assert screen.file.getvalue().splitlines()[1].rstrip() == "a\\nb  c\\td\\x0d\\n"  # type: ignore[attr-defined]


def test_a_name_that_says_nothing_new_stands_above_its_column_only() -> None:
    """Rows that have become lines do not repeat it."""
    made = table("what=", "", "found~=")
    made.add_row("redis", "ok", "6.2.14, which keeps what it has")
    for width, lines in ((80, ["what       found", "redis  ok  6.2.14"]), (20, ["redis", "  ok", "  6.2.14, which"])):
        screen = Console(file=io.StringIO(), width=width)
        screen.print(made, crop=False)
        printed = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
        assert all(line.startswith(start) for line, start in zip(printed, lines, strict=False)), printed


def test_a_row_is_one_line_in_a_file_or_a_pipe() -> None:
    """However long it is: `grep` finds the whole of it, and no line ends in spaces."""
    made = table("job", "attempts>", "reason~", "what to do~")
    made.add_row(_JOB, "3", _REASON * 3, "look at it")
    made.add_row("b", "1", "", "")
    lines = [line.plain for line in made.plain_lines()]
    assert lines[0].split() == ["job", "attempts", "reason", "what", "to", "do"]
    assert lines[1] == f"{_JOB}         3  {_REASON * 3}  look at it"
    assert (len(lines), lines[2].split()) == (3, ["b", "1"])
    assert [line.rstrip() for line in lines] == lines


@pytest.mark.parametrize("width", [100, 120, 160])
def test_no_word_is_torn_where_two_columns_are_prose(width: int) -> None:
    """A path stays one that can be copied."""
    path = "/usr/lib/python3.11/site-packages/imageio_ffmpeg/binaries/ffmpeg-linux-x86_64"
    made = table("what=", "found~=", "what to do~=")
    made.add_row("ffmpeg", f"{path} (n9.0.2, libx264, libass, libsvtav1)", "install another one, or set its path in the settings")
    screen = Console(file=io.StringIO(), width=width)
    screen.print(made, crop=False)
    assert path in screen.file.getvalue()  # type: ignore[attr-defined]
