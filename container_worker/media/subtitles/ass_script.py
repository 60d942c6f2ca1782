"""Writes laid-out texts as an ASS script with one positioned event per line, so that libass makes no layout decision."""

from collections.abc import Sequence
from pathlib import Path

from container_worker.media.request import TextStyle
from container_worker.media.text.fonts import packaged_fonts
from container_worker.media.text.layout import Block, Line, starts_right_to_left

#: Characters that join several into one sign: the zero-width joiner and the keycap frame.
_JOINERS = frozenset("\u200d\u20e3")
_ANCHOR = "{\\fscx0\\alpha&HFF&}a{\\fscx100\\alpha&H00&}"
#: Matrix None keeps RGB colours; otherwise newer ffmpegs squeeze them into 16 to 235, and white becomes grey.
_HEADER = """[Script Info]
ScriptType: v4.00+
YCbCr Matrix: None
Language: {language}
PlayResX: {width}
PlayResY: {height}
WrapStyle: 2
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, \
ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: D,Noto Sans,20,{colour},{colour},{outline_colour},&H00000000,0,0,0,0,100,100,0,0,1,{outline:.2f},0,2,0,0,0,-1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def escape(text: str) -> str:
    """Escape braces and backslashes, so that libass draws the text literally."""
    return text.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")


def _ass_colour(rgb: tuple[int, int, int]) -> str:
    return f"&H00{rgb[2]:02X}{rgb[1]:02X}{rgb[0]:02X}"


def _ass_time(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 360_000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def build_script(blocks: Sequence[Block], style: TextStyle, size: tuple[int, int], below_px: int) -> str:
    """Return an ASS script that shows text k around second k.

    Args:
        blocks: the texts, at least one, all of one language.
        style: sizes and colours, in pixels.
        size: width and height of the picture.
        below_px: from the lower edge of the texts to that of the picture.
    """
    colours = {"colour": _ass_colour(style.colour), "outline_colour": _ass_colour(style.outline_colour)}
    language = blocks[0].language
    parts = [_HEADER.format(width=size[0], height=size[1], outline=style.outline_px, language=language, **colours)]
    for index, block in enumerate(blocks):
        start, end = _ass_time(max(0.0, index - 0.4)), _ass_time(index + 0.4)
        for line in reversed(block.lines):
            at = size[0] / 2, size[1] - below_px - line.baseline_px
            parts.append(f"Dialogue: 0,{start},{end},D,,0,0,0,,{_line(line, at, style.em_px)}\n")
    return "".join(parts)


def _line(line: Line, at: tuple[float, float], em_px: float) -> str:
    """Return the event text of a line with its middle and baseline at this point.

    libass places the bottom of the line's deepest font there, so that descent is added.
    """
    deepest = max(run.font.descent / run.font.units_per_em for run in line.runs) * em_px
    text = "".join(run.text for run in line.runs)
    # Without a mark libass takes the paragraph's direction from the line's first letter.
    mark = "\u200f" if line.is_right_to_left else "\u200e" if starts_right_to_left(text) else ""
    # An invisible letter of the style's font: without any letter libass splits joined signs apart.
    anchor = _ANCHOR if _JOINERS & set(text) and not any(char.isalpha() for char in text) else ""
    texts = (
        f"{{\\fn{run.font.family}\\fs{run.font.cell_px(em_px):.2f}}}{mark if i == 0 else ''}{escape(run.text)}"
        for i, run in enumerate(line.runs)
    )
    return f"{{\\an2\\pos({at[0]:.1f},{at[1] + deepest:.2f})}}{anchor}" + "".join(texts)


def required_fonts(blocks: Sequence[Block], script: str) -> set[Path]:
    """Return the paths of the fonts that the script uses."""
    anchor = {packaged_fonts()["NotoSans"].path} if _ANCHOR in script else set()
    return anchor | {run.font.path for block in blocks for line in block.lines for run in line.runs}
