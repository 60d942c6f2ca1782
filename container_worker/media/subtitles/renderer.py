"""Draws subtitle texts with libass, one small transparent picture per text, ahead of the frames that they lie on."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from container_worker.media.child_protocol import warn
from container_worker.media.defaults import BOX_PAD_X_EM, BOX_PAD_Y_EM, BOX_RADIUS_EM, LINE_HEIGHT_EM, MAX_TEXT_SHARE
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.picture.overlay import Patch, make_patch
from container_worker.media.request import TextStyle
from container_worker.media.subtitles.ass_script import build_script, required_fonts
from container_worker.media.text.fontbook import FontBook
from container_worker.media.text.layout import Block, lay_out
from scenequeue.reasons import Code

#: Texts that one child draws, without a pause: it has ended, and its 33 MB are free again, while they are shown. A child's start,
#: a tenth of a second, is small beside the half minute in which so many are.
_BATCH_SIZE = 10
#: fontconfig, where ffmpeg has it, is told of no fonts: only what we name is used, on every machine alike.
_NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>\n'


class AssBatch:
    """Texts that one ffmpeg child draws, one picture after the other."""

    def __init__(self, blocks: Sequence[Block], style: TextStyle, frame: tuple[int, int], ffmpeg: str, folder: Path) -> None:
        """Start the child.

        Args:
            blocks: the texts.
            style: sizes and colours, in pixels of this frame.
            frame: width and height in pixels.
            ffmpeg: the program.
            folder: for the script and links to the fonts.
        """
        self.blocks = blocks
        #: Room for the box and the outline; the texts' lower edge lies this far above the pictures'.
        self.below_px = round(style.em_px * 0.9 + style.outline_px)
        tallest_px = max((block.height_px for block in blocks), default=0.0)
        height_px = min(frame[1] * 2, round(tallest_px + style.em_px + style.outline_px) + self.below_px)
        self.size = (frame[0], height_px)
        self._process = self._start(style, ffmpeg, folder)

    def _start(self, style: TextStyle, ffmpeg: str, folder: Path) -> FfmpegProcess:
        import ffmpeg as graph

        fonts = folder / "fonts"
        fonts.mkdir(exist_ok=True)
        script = build_script(self.blocks, style, self.size, self.below_px)
        # libass reads every file there is into memory.
        for link in fonts.iterdir():
            link.unlink()
        for path in required_fonts(self.blocks, script):
            (fonts / path.name).symlink_to(path)
        (folder / "cues.ass").write_text(script, encoding="utf-8")
        (folder / "fonts.conf").write_text(_NO_FONTS)
        source = f"color=c=black@0.0:s={self.size[0]}x{self.size[1]}:r=1:d={len(self.blocks)},format=rgba"
        drawn = graph.input(source, f="lavfi").filter("ass", "cues.ass", fontsdir="fonts", alpha=1)
        output = graph.output(drawn, "pipe:1", f="rawvideo", pix_fmt="rgba", threads=1)
        argv = graph.compile(output.global_args("-nostdin", "-loglevel", "error", "-filter_threads", "1"), cmd=ffmpeg)
        environment = {"FONTCONFIG_FILE": str(folder / "fonts.conf")}
        return FfmpegProcess(argv, folder, "drew subtitles", has_output=True, environment=environment)

    def next_picture(self) -> npt.NDArray[np.uint8]:
        """The next text on transparent ground: height x width x 4, colour multiplied by alpha.

        Raises:
            ToolFailed: ffmpeg ended before it.
        """
        pixels = np.empty((self.size[1], self.size[0], 4), np.uint8)
        self._process.read_into(pixels.data)
        return pixels

    def kill(self) -> None:
        """Kill the child; a `next_picture` that waits in another thread raises ToolFailed."""
        self._process.kill()

    def close(self) -> None:
        """End the child; there are no more pictures."""
        self._process.close()


class SubtitleRenderer:
    """Draws a known list of texts in order, in a thread of its own: some before they are asked for, the next while those show."""

    def __init__(
        self, texts: Sequence[str], style: TextStyle, frame: tuple[int, int], ffmpeg: str, folder: Path, book: FontBook
    ) -> None:
        """Begin to draw.

        Args:
            texts: at least one.
            style: sizes and colours, in pixels of this frame.
            frame: width and height in pixels.
            ffmpeg: the program.
            folder: for the script and links to the fonts.
            book: which font draws which character; what it has not is in its `missing` afterwards, for all texts.
        """
        self._texts, self._style, self._frame = texts, style, frame
        self._ffmpeg, self._folder, self._book = ffmpeg, folder, book
        self._cut = 0
        self._sheet: AssBatch | None = None
        book.look_for(texts)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="typesetter")
        self._drawn: deque[Future[Patch | None]] = deque()
        self._order(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._sheet is not None:
            self._sheet.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._sheet is not None:
            self._sheet.close()
        if self._cut:
            warn(Code.TEXT_CUT, cues=self._cut)

    def draw(self, index: int) -> Patch | None:
        """The patch of text `index`; to be called once for each text, in order.

        Raises:
            ToolFailed: ffmpeg failed.
        """
        if index % _BATCH_SIZE == 0:
            self._order(index + _BATCH_SIZE)
        return self._drawn.popleft().result()

    def _order(self, first: int) -> None:
        for index in range(first, min(first + _BATCH_SIZE, len(self._texts))):
            self._drawn.append(self._pool.submit(self._make, index))

    def _make(self, index: int) -> Patch | None:
        """The patch of this text, in the thread; the first of a sheet starts the child, the last one ends it."""
        if index % _BATCH_SIZE == 0:
            self._sheet = self._open(self._texts[index : index + _BATCH_SIZE])
        sheet = self._sheet
        assert sheet is not None
        text, number = sheet.next_picture(), index % _BATCH_SIZE
        if number == len(sheet.blocks) - 1:
            sheet.close()
        return self._patch(text, sheet.blocks[number].height_px, sheet)

    def _open(self, texts: Sequence[str]) -> AssBatch:
        most_lines = max(1, int(self._frame[1] * MAX_TEXT_SHARE / (self._style.em_px * LINE_HEIGHT_EM)))
        laid_out = [lay_out(text, self._book, self._style, most_lines) for text in texts]
        self._cut += sum(is_cut for _, is_cut in laid_out)
        return AssBatch([block for block, _ in laid_out], self._style, self._frame, self._ffmpeg, self._folder)

    def _patch(self, text: npt.NDArray[np.uint8], height_px: float, sheet: AssBatch) -> Patch | None:
        columns = np.flatnonzero(text[..., 3].any(axis=0))
        if not len(columns):
            return None
        # Only what shows is worked on in floats. The box's edges are rounded: two more columns, so that none is cut off.
        pad = round(BOX_PAD_X_EM * self._style.em_px) + 2 if self._style.box_opacity > 0 else 0
        left, right = max(0, int(columns[0]) - pad), int(columns[-1]) + 1 + pad
        picture = text[:, left:right].astype(np.float32)
        bottom = sheet.size[1] - sheet.below_px
        if self._style.box_opacity > 0:
            self._lay_on_box(picture, (int(columns[0]) - left, int(columns[-1]) + 1 - left), bottom, height_px)
        return make_patch(picture, left, self._frame[1] - round(self._style.margin_px) - bottom, self._frame)

    def _lay_on_box(self, picture: npt.NDArray[np.float32], ink: tuple[int, int], bottom: int, height_px: float) -> None:
        """Put the box behind the ink between these columns, in place; texts of as many common lines have one height."""
        style, em = self._style, self._style.em_px
        pad_x, pad_y = BOX_PAD_X_EM * em, BOX_PAD_Y_EM * em
        box = (ink[0] - pad_x, bottom - height_px - pad_y, ink[1] + pad_x, bottom + pad_y)
        mask = Image.new("L", (picture.shape[1], picture.shape[0]))
        ImageDraw.Draw(mask).rounded_rectangle(tuple(round(edge) for edge in box), radius=BOX_RADIUS_EM * em, fill=255)
        alpha = np.asarray(mask, np.float32) * style.box_opacity
        shows = alpha * (1 - picture[..., 3] / 255)
        for channel, level in enumerate((*style.box_colour, 255)):
            picture[..., channel] += shows * (level / 255)


def warn_missing_glyphs(text: str, book: FontBook) -> None:
    """Say which characters of this text (title or subtitles) no font has, if any."""
    if book.missing:
        names = " ".join(f"U+{ord(char):04X}" for char in sorted(book.missing)[:10])
        warn(Code.GLYPHS_MISSING, input=text, count=len(book.missing), characters=names)
