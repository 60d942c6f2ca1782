"""Draws subtitle texts with libass, one small transparent picture per text, on demand."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from container_worker.ffmpeg import confined
from container_worker.render.__main__ import say
from container_worker.render.defaults import (
    ASCENT_EM,
    BOX_PAD_X_EM,
    BOX_PAD_Y_EM,
    BOX_RADIUS_EM,
    DESCENT_EM,
    LINE_HEIGHT_EM,
    MAX_TEXT_SHARE,
)  # fmt: skip
from container_worker.render.fonts import PACKAGED, PACKAGED_ORDER, FontBook, Run
from container_worker.render.linebreak import wrap
from container_worker.render.patches import Patch, patch_of
from container_worker.render.request import TextLook
from scenequeue.errors import ToolFailed

#: Texts that are laid out, and drawn by one child, at a time: thousands of them cost nothing before the first frame, and a
#: child's start, a tenth of a second, is small beside the minutes in which so many are shown.
_AT_ONCE = 50
#: What makes one sign of several: the zero-width joiner, and the frame of a keycap.
_JOINERS = frozenset("\u200d\u20e3")
_ANCHOR = "{\\fscx0\\alpha&HFF&}a{\\fscx100\\alpha&H00&}"
_RTL = frozenset({"R", "AL"})
#: Matrix None: colours are those of the frame. Without it newer ffmpegs squeeze them into 16 to 235, and white is grey.
_HEADER = """[Script Info]
ScriptType: v4.00+
YCbCr Matrix: None
PlayResX: {width}
PlayResY: {height}
WrapStyle: 2
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, \
ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: D,Noto Sans SC,20,{colour},{colour},{outline_colour},&H00000000,0,0,0,0,100,100,0,0,1,{outline:.2f},0,2,0,0,0,-1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
#: fontconfig, where ffmpeg has it, is told of no fonts: only what we name is used, on every machine alike.
_NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>\n'


def escape(text: str) -> str:
    """Text that libass draws as it stands: braces escaped, and no backslash followed by a letter it would obey."""
    return text.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")


def _ass_colour(rgb: tuple[int, int, int]) -> str:
    return f"&H00{rgb[2]:02X}{rgb[1]:02X}{rgb[0]:02X}"


def _ass_time(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 360_000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def starts_right_to_left(text: str) -> bool:
    """Whether the text's first letter with a direction runs right to left."""
    import unicodedata

    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction == "L":
            return False
        if direction in _RTL:
            return True
    return False


@dataclass(frozen=True)
class Block:
    """A text laid out: its lines, each as runs in one font."""

    lines: tuple[tuple[Run, ...], ...]
    is_right_to_left: bool


def lay_out(text: str, book: FontBook, look: TextLook, most_lines: int) -> tuple[Block, bool]:
    """The text in lines no wider than the look allows, and whether it was cut to keep to `most_lines`."""
    drawable = book.drawable(text)

    def measure(line: str) -> float:
        return sum(_face(str(run.font.path), look.em_px).getlength(run.text) for run in book.runs(line))

    lines = wrap(drawable, look.max_width_px, measure, most_lines)
    kept = tuple(tuple(book.runs(line)) for line in lines[:most_lines])
    return Block(kept, starts_right_to_left(drawable)), len(lines) > most_lines


@lru_cache(maxsize=16)
def _face(path: str, em_px: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, em_px, layout_engine=ImageFont.Layout.BASIC)


class Typesetter:
    """Draws a known list of texts in order, each just before it is needed; one ffmpeg child draws some of them."""

    def __init__(
        self, texts: Sequence[str], look: TextLook, frame: tuple[int, int], ffmpeg: str, folder: Path, book: FontBook
    ) -> None:
        """Lay the first texts out and start the child; it waits, blocked on its pipe, until a picture is taken.

        Args:
            texts: at least one.
            look: sizes and colours, in pixels of this frame.
            frame: width and height in pixels.
            ffmpeg: the program.
            folder: for the script and links to the fonts.
            book: which font draws which character; what it has not is in its `missing` afterwards, for all texts.
        """
        self._texts, self._look, self._frame = texts, look, frame
        self._ffmpeg, self._folder, self._book = ffmpeg, folder, book
        self._cut = 0
        book.look_for(texts)
        self._begin(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()
        if self._cut:
            cues = "1 cue" if self._cut == 1 else f"{self._cut} cues"
            say({"warning": f"subtitles: the text of {cues} did not fit on the frame and was cut short"})

    def _begin(self, first: int) -> None:
        """Lay out the texts from `first` on, and start the child that draws them."""
        look, frame = self._look, self._frame
        line_px = look.em_px * LINE_HEIGHT_EM
        most_lines = max(1, int(frame[1] * MAX_TEXT_SHARE / line_px))
        laid_out = [lay_out(text, self._book, look, most_lines) for text in self._texts[first : first + _AT_ONCE]]
        self._first = first
        self._blocks = [block for block, _ in laid_out]
        self._cut += sum(is_cut for _, is_cut in laid_out)
        lines = max(1, *(len(block.lines) for block in self._blocks))
        # Room for marks above and below, outline and tall scripts; its lower edge is the canvas's.
        self._below_px = round(look.em_px * 0.9 + look.outline_px)
        self._height_px = min(frame[1] * 2, round(lines * line_px + look.em_px + look.outline_px) + self._below_px)
        self._child = self._start(self._ffmpeg, self._folder)

    def _end(self) -> None:
        self._child.kill()
        if self._child.stdout:
            self._child.stdout.close()
        self._child.wait()

    def script(self) -> str:
        """The ASS script: text k is shown around second k; every line is an event of its own, so libass breaks none."""
        look = self._look
        parts = [
            _HEADER.format(
                width=self._frame[0],
                height=self._height_px,
                colour=_ass_colour(look.colour),
                outline_colour=_ass_colour(look.outline_colour),
                outline=look.outline_px,
            )
        ]
        for index, block in enumerate(self._blocks):
            start, end = _ass_time(max(0.0, index - 0.4)), _ass_time(index + 0.4)
            for number, line in enumerate(reversed(block.lines)):
                parts.append(f"Dialogue: 0,{start},{end},D,,0,0,0,,{self._line(line, number, block.is_right_to_left)}\n")
        return "".join(parts)

    def _line(self, runs: Sequence[Run], number: int, is_right_to_left: bool) -> str:
        """One line, the `number`-th from below. libass puts the lower end of its deepest font on the point named."""
        baseline = self._height_px - self._below_px - self._look.em_px * (DESCENT_EM + number * LINE_HEIGHT_EM)
        deepest = max(run.font.descent / run.font.units_per_em for run in runs) * self._look.em_px
        mark = "\u200f" if is_right_to_left else ""
        line = "".join(run.text for run in runs)
        # Where nothing in an event belongs to a script, libass tears signs apart at what joins them: a letter without width or
        # ink, in the style's font, prevents it.
        anchor = _ANCHOR if _JOINERS & set(line) and not any(char.isalpha() for char in line) else ""
        texts = (
            f"{{\\fn{run.font.family}\\fs{run.font.cell_px(self._look.em_px):.2f}}}{mark if i == 0 else ''}{escape(run.text)}"
            for i, run in enumerate(runs)
        )
        return f"{{\\an2\\pos({self._frame[0] / 2:.1f},{baseline + deepest:.2f})}}{anchor}" + "".join(texts)

    def _start(self, ffmpeg: str, folder: Path) -> "subprocess.Popen[bytes]":
        import ffmpeg as graph

        fonts = folder / "fonts"
        fonts.mkdir(exist_ok=True)
        script = self.script()
        anchor = {PACKAGED / PACKAGED_ORDER[0]} if _ANCHOR in script else set()
        for path in anchor | {run.font.path for block in self._blocks for line in block.lines for run in line}:
            if not (fonts / path.name).exists():
                (fonts / path.name).symlink_to(path)
        (folder / "cues.ass").write_text(script, encoding="utf-8")
        (folder / "fonts.conf").write_text(_NO_FONTS)
        source = f"color=c=black@0.0:s={self._frame[0]}x{self._height_px}:r=1:d={len(self._blocks)},format=rgba"
        drawn = graph.input(source, f="lavfi").filter("ass", "cues.ass", fontsdir="fonts", alpha=1)
        output = graph.output(drawn, "pipe:1", f="rawvideo", pix_fmt="rgba", threads=1)
        argv = graph.compile(output.global_args("-nostdin", "-loglevel", "error", "-filter_threads", "1"), cmd=ffmpeg)
        import os

        environment = {**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf")}
        return subprocess.Popen(
            confined(argv), cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
        )

    def _next_picture(self) -> npt.NDArray[np.uint8]:
        pixels = np.empty((self._height_px, self._frame[0], 4), np.uint8)
        rest = pixels.data.cast("B")
        assert self._child.stdout
        while rest:
            read = self._child.stdout.readinto(rest)  # type: ignore[attr-defined]
            if not read:
                raise ToolFailed(f"ffmpeg ended with code {self._child.wait()} while it drew subtitles")
            rest = rest[read:]
        return pixels

    def draw(self, index: int) -> Patch | None:
        """The patch of text `index`; to be called once for each text, in order."""
        if index == self._first + len(self._blocks):
            self._end()
            self._begin(index)
        text = self._next_picture()
        columns = np.flatnonzero(text[..., 3].any(axis=0))
        if not len(columns):
            return None
        picture = text.astype(np.float32)
        if self._look.box_opacity > 0:
            self._lay_on_box(picture, int(columns[0]), int(columns[-1]) + 1, len(self._blocks[index - self._first].lines))
        top = self._frame[1] - round(self._look.margin_px) - (self._height_px - self._below_px)
        return patch_of(picture, 0, top, self._frame)

    def _lay_on_box(self, picture: npt.NDArray[np.float32], left: int, right: int, lines: int) -> None:
        """Put the box behind the ink between these columns, in place; its height depends on the lines alone."""
        look, em = self._look, self._look.em_px
        bottom = self._height_px - self._below_px
        top = bottom - em * ((lines - 1) * LINE_HEIGHT_EM + ASCENT_EM + DESCENT_EM)
        box = (left - BOX_PAD_X_EM * em, top - BOX_PAD_Y_EM * em, right + BOX_PAD_X_EM * em, bottom + BOX_PAD_Y_EM * em)
        mask = Image.new("L", (picture.shape[1], picture.shape[0]))
        ImageDraw.Draw(mask).rounded_rectangle(tuple(round(edge) for edge in box), radius=BOX_RADIUS_EM * em, fill=255)
        alpha = np.asarray(mask, np.float32) * look.box_opacity
        shows = alpha * (1 - picture[..., 3] / 255)
        for channel, level in enumerate((*look.box_colour, 255)):
            picture[..., channel] += shows * (level / 255)
