"""A table that never splits a word: on a terminal too narrow for its columns, each row becomes a few lines."""

import re
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

#: Spaces between two columns of a table.
_GAP = 2
#: A narrower column of prose cannot be read.
_MIN_PROSE = 24
INDENT = "  "
_MARKS = ">~="
#: A command in backticks is one word, so that it can be copied. A number stays with its unit.
_WORD = re.compile(r"(?:\d+ )?(?:`[^`]*`|\S)+?(?=\s|$)")


class Sheet:
    """Rows of cells. Rich prints them as a table, or as lines if a table would split ids.

    Args:
        columns: their names; ">" at the end aligns right, "~" is prose, which may be broken between words, "=" is a name that
            is printed above the column, but not before each cell if rows become lines.
        clean: makes foreign text safe for the terminal.
    """

    def __init__(self, columns: Sequence[str], clean: Callable[[str], str]) -> None:
        names = [column.rstrip(_MARKS) for column in columns]
        marks = [column[len(name) :] for column, name in zip(columns, names, strict=True)]
        self._names = names
        self._labels = ["" if "=" in mark or not name else f"{name} " for name, mark in zip(names, marks, strict=True)]
        self._right = [">" in mark for mark in marks]
        self._prose = ["~" in mark for mark in marks]
        self._clean = clean
        self._rows: list[list[Text]] = []

    def add_row(self, *cells: str | Text) -> None:
        """Add a row. A cell of type str is printed literally: no markup."""
        self._rows.append([cell if isinstance(cell, Text) else Text(self._clean(cell)) for cell in cells])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        least_widths = self._least_widths()
        if sum(least_widths) + _GAP * (len(self._names) - 1) <= options.max_width:
            yield self._table(least_widths)
            return
        for row in self._rows:
            yield from self._lines(row, options.max_width)

    def plain_lines(self) -> Iterator[Text]:
        """Yield the table with each row in one line, however long it is, for a file or a pipe."""
        widths = self._widths()
        for row in ([Text(name) for name in self._names], *self._rows):
            line = Text()
            for cell, width, is_right in zip(row, widths, self._right, strict=True):
                room = " " * (width - cell.cell_len)
                line = Text.assemble(line, *((room, cell) if is_right else (cell, room)), " " * _GAP)
            line.rstrip()
            yield _unbroken(line)

    def _widths(self) -> list[int]:
        """Return the width of each column if nothing is broken."""
        return [max([len(name), *(row[index].cell_len for row in self._rows)]) for index, name in enumerate(self._names)]

    def _least_widths(self) -> list[int]:
        """Return the width of each column if prose is broken between words."""
        widths = self._widths()
        for index, widest in enumerate(widths):
            if self._prose[index]:
                words = (word.cell_len for row in self._rows for word in row[index].split(" "))
                widths[index] = min(widest, max([_MIN_PROSE, *words]))
        return widths

    def _table(self, least_widths: Sequence[int]) -> Table:
        made = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
        for name, is_right, is_prose, least in zip(self._names, self._right, self._prose, least_widths, strict=True):
            justify: JustifyMethod = "right" if is_right else "left"
            made.add_column(name, justify=justify, no_wrap=not is_prose, overflow="fold", min_width=least)
        for row in self._rows:
            made.add_row(*row)
        return made

    def _lines(self, row: Sequence[Text], width: int) -> Iterator[Text]:
        """Yield the first cell as a heading; short cells with their names, as many as fit a line; then prose."""
        first, *rest = zip(self._labels, self._prose, row, strict=True)
        yield _unbroken(Text.assemble((first[0], "dim"), first[2]))
        line = Text(INDENT)
        for label, is_prose, cell in rest:
            if is_prose or not cell.plain:
                continue
            pair = Text.assemble((label, "dim"), cell)
            if line.cell_len > len(INDENT) and line.cell_len + 3 + pair.cell_len > width:
                yield _unbroken(line)
                line = Text(INDENT)
            line = Text.assemble(line, " · " if line.cell_len > len(INDENT) else "", pair)
        if line.plain.strip():
            yield _unbroken(line)
        for label, is_prose, cell in rest:
            if is_prose and cell.plain:
                yield from wrapped(Text.assemble((label, "dim"), cell), width, first=INDENT, rest=INDENT)


def wrapped(text: Text, width: int, *, first: str = "", rest: str = "") -> Iterator[Text]:
    """Break a text between words into lines, with indents for the first and the others; a longer word gets a line of its own."""
    start = end = 0
    indent = first
    for word in _WORD.finditer(text.plain):
        if end > start and cell_len(indent + text.plain[start : word.end()]) > width:
            yield _unbroken(Text.assemble(indent, text[start:end]))
            start, indent = word.start(), rest
        end = word.end()
    yield _unbroken(Text.assemble(indent, text[start:end]))


def _unbroken(line: Text) -> Text:
    """Return a line that only the terminal breaks, so that it can be copied as a whole."""
    line.no_wrap, line.overflow = True, "ignore"
    return line
