"""Turns the text of decoded subtitles, which is in ASS's mark-up, into WebVTT's: bold, italic and underlined are kept."""

import re
from collections.abc import Iterator

from container_worker.media.subtitles.cue import tidy
from container_worker.media.subtitles.webvtt import escaped

#: A block of overrides; or an escaped character, which is shown.
_PIECES = re.compile(r"(\{[^{}]*\}|\\[{}\\Nnh])")
#: Escaped characters that are not themselves.
_ESCAPED = {"\\N": "\n", "\\n": "\n", "\\h": " "}
#: In a block: \i1 begins italics, \i0 ends them, likewise \b and \u; \r ends all; \p1 begins a drawing, \p0 ends it.
_OVERRIDE = re.compile(r"\\(?:([biu])(\d{0,4})(?![a-z0-9])|(r)|p(\d{1,4}))")


def webvtt_text(text: str, *, has_notes: bool) -> str:
    r"""Return a cue's text in WebVTT's mark-up, "" for one that shows nothing.

    Args:
        text: the field "text" of an event, with overrides (`{\i1}`) and breaks (`\N`).
        has_notes: True for subtitles that were ASS already, where all in braces is hidden; in others it is text.
    """
    # Control characters first, because an empty line would end the cue, and a tag must not stand alone on a line.
    parts, styles = list[str](), ""
    pending = ""
    for wanted, piece in _runs(text, has_notes=has_notes):
        core = piece.strip()
        if not core:
            pending += piece
            continue
        begin = piece.index(core)
        pending += piece[:begin]
        if wanted != styles:
            parts.append(_closed(styles))
        parts.append(pending)
        if wanted != styles:
            parts.append(_opened(wanted))
            styles = wanted
        parts.append(escaped(core))
        pending = piece[begin + len(core) :]
    return tidy("".join([*parts, _closed(styles)]))


def _opened(styles: str) -> str:
    return "".join(f"<{style}>" for style in styles)


def _closed(styles: str) -> str:
    return "".join(f"</{style}>" for style in reversed(styles))


def _runs(text: str, *, has_notes: bool) -> Iterator[tuple[str, str]]:
    """Yield pieces of visible text, each with its styles: some of the letters b, i and u."""
    on, is_drawing = set[str](), False
    for piece in _PIECES.split(text):
        if piece.startswith("{") and piece.endswith("}") and (has_notes or piece == "{}" or piece.startswith("{\\")):
            for style, value, reset, drawing in _OVERRIDE.findall(piece):
                if reset:
                    on.clear()
                elif drawing:
                    is_drawing = bool(int(drawing))
                elif int(value or 0):
                    on.add(style)
                else:
                    on.discard(style)
        elif piece and not is_drawing:
            is_escape = piece.startswith("\\") and _PIECES.fullmatch(piece)
            yield "".join(sorted(on)), _ESCAPED.get(piece, piece[1:]) if is_escape else piece
