"""Renders subtitle texts with libass to transparent patches, in a thread, ahead of the frames that show them."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from container_worker.codes import Code
from container_worker.media.child_protocol import warn
from container_worker.media.defaults import BOX_PAD_X_EM, BOX_PAD_Y_EM, BOX_RADIUS_EM, LINE_HEIGHT_EM, MAX_TEXT_SHARE
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.picture.overlay import Patch, make_patch
from container_worker.media.request import TextStyle
from container_worker.media.subtitles.ass_script import build_script, required_fonts
from container_worker.media.text.fontbook import FontBook
from container_worker.media.text.layout import Block, lay_out

#: Texts drawn by one ffmpeg, which then ends and frees its 33 MB. Its start takes 0.1 s, its texts are shown for about 30 s.
_BATCH_SIZE = 10
#: An empty fontconfig configuration, so that only the named fonts are used, the same on every machine.
_NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>\n'


class AssBatch:
    """A batch of texts that one ffmpeg draws, one picture after the other."""

    def __init__(self, blocks: Sequence[Block], style: TextStyle, frame: tuple[int, int], ffmpeg: str, folder: Path) -> None:
        """Start ffmpeg.

        Args:
            blocks: the texts.
            style: sizes and colours, in pixels of this frame.
            frame: width and height in pixels.
            ffmpeg: the program.
            folder: for the script and links to the fonts.
        """
        self.blocks = blocks
        #: Distance of the texts' lower edge from the pictures', for the box and the outline.
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
        # libass loads every file of the folder into memory.
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
        return FfmpegProcess(argv, folder, Code.SUBTITLES_NOT_DRAWN, has_output=True, environment=environment)

    def next_picture(self) -> npt.NDArray[np.uint8]:
        """Return the picture of the next text: height x width x 4, colour multiplied by alpha.

        Raises:
            ToolFailed: ffmpeg ended before.
        """
        pixels = np.empty((self.size[1], self.size[0], 4), np.uint8)
        self._process.read_into(pixels.data)
        return pixels

    def kill(self) -> None:
        """Kill ffmpeg; a `next_picture` that waits in another thread raises ToolFailed."""
        self._process.kill()

    def close(self) -> None:
        """End ffmpeg; no more pictures can be read."""
        self._process.close()


class SubtitleRenderer:
    """Draws a list of texts in order, in its own thread, one batch ahead of the frames."""

    def __init__(
        self, texts: Sequence[str], style: TextStyle, frame: tuple[int, int], ffmpeg: str, folder: Path, book: FontBook
    ) -> None:
        """Start drawing the first batch.

        Args:
            texts: at least one.
            style: sizes and colours, in pixels of this frame.
            frame: width and height in pixels.
            ffmpeg: the program.
            folder: for the script and links to the fonts.
            book: chooses fonts; characters that no font has are in its `missing` afterwards.
        """
        self._texts, self._style, self._frame = texts, style, frame
        self._ffmpeg, self._folder, self._book = ffmpeg, folder, book
        self._cut = 0
        self._batch: AssBatch | None = None
        book.find_fonts(texts)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="typesetter")
        self._drawn: deque[Future[Patch | None]] = deque()
        self._order(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._batch is not None:
            self._batch.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._batch is not None:
            self._batch.close()
        if self._cut:
            warn(Code.TEXT_CUT, cues=self._cut)

    def draw(self, index: int) -> Patch | None:
        """Return the patch of text `index`; must be called once for each text, in order.

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
        """Make the patch of this text, in the thread; the first of a batch starts ffmpeg, the last one ends it."""
        if index % _BATCH_SIZE == 0:
            self._batch = self._open(self._texts[index : index + _BATCH_SIZE])
        batch = self._batch
        assert batch is not None
        text, number = batch.next_picture(), index % _BATCH_SIZE
        if number == len(batch.blocks) - 1:
            batch.close()
        return self._patch(text, batch.blocks[number].height_px, batch)

    def _open(self, texts: Sequence[str]) -> AssBatch:
        most_lines = max(1, int(self._frame[1] * MAX_TEXT_SHARE / (self._style.em_px * LINE_HEIGHT_EM)))
        laid_out = [lay_out(text, self._book, self._style, most_lines) for text in texts]
        self._cut += sum(is_cut for _, is_cut in laid_out)
        return AssBatch([block for block, _ in laid_out], self._style, self._frame, self._ffmpeg, self._folder)

    def _patch(self, text: npt.NDArray[np.uint8], height_px: float, batch: AssBatch) -> Patch | None:
        columns = np.flatnonzero(text[..., 3].any(axis=0))
        if not len(columns):
            return None
        # Convert only the visible columns to floats, with two more for the rounded edges of the box.
        pad = round(BOX_PAD_X_EM * self._style.em_px) + 2 if self._style.box_opacity > 0 else 0
        left, right = max(0, int(columns[0]) - pad), int(columns[-1]) + 1 + pad
        picture = text[:, left:right].astype(np.float32)
        bottom = batch.size[1] - batch.below_px
        if self._style.box_opacity > 0:
            self._lay_on_box(picture, (int(columns[0]) - left, int(columns[-1]) + 1 - left), bottom, height_px)
        return make_patch(picture, left, self._frame[1] - round(self._style.margin_px) - bottom, self._frame)

    def _lay_on_box(self, picture: npt.NDArray[np.float32], ink: tuple[int, int], bottom: int, height_px: float) -> None:
        """Draw the box behind the ink between these columns, in place."""
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
    """Warn about characters of this text (title or subtitles) that no font has."""
    if book.missing:
        names = " ".join(f"U+{ord(char):04X}" for char in sorted(book.missing)[:10])
        warn(Code.GLYPHS_MISSING, input=text, count=len(book.missing), characters=names)
