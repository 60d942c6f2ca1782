"""Videos without a cue to show, and cues outside of the narration."""

from collections.abc import Callable

import pytest

from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.cues import spans
from tests.container_worker.media.conftest import Made
from tests.container_worker.media.subtitles.reading import S
from tests.support.media import Media
from tests.support.prober import check


@pytest.mark.parametrize("cues", [[], [Cue(5.0, 6.0, "late")], [Cue(1.0, 2.0, "just late")]])
def test_no_cue_on_any_frame_gives_no_spans(cues: list[Cue]) -> None:
    """A scene of 25 frames."""
    assert spans(cues, 25, 25) == []


def test_cues_after_the_narration_are_a_warning(make: Callable[..., Made], media: Media) -> None:
    """The others are shown; subtitles of another narration would else be lost without a word."""
    cues = [(0.1, 0.5, "shown"), (0.9, 2.0, "begins in time"), (1.0, 2.0, "late"), (3.0, 4.0, "later")]
    made = make({"motion": "none", "fps": 25}, length_s=1.0, subtitles=media.srt("s.srt", cues))
    assert [warning.text for warning in made.report.warnings] == [
        "subtitles: 2 cues begin after the narration's end, and are not shown"
    ]


_LATE = f"1\n{S.replace('01', '05').replace('02', '06')}\nlate\n"


@pytest.mark.parametrize(
    ("content", "code", "mode"),
    [
        ("", "subtitles_empty", "burned"), ("\ufeff", "subtitles_empty", "burned"), ("WEBVTT\n", "subtitles_empty", "burned"),
        ("[Script Info]\n", "subtitles_empty", "burned"), (_LATE, "subtitles_outside", "burned"), ("", "subtitles_empty", "soft"),
        (_LATE, "subtitles_outside", "soft"), (_LATE, "subtitles_outside", "off"),
    ],
)  # fmt: skip
def test_without_a_cue_to_show_the_video_is_made_with_a_warning(
    make: Callable[..., Made], media: Media, content: str, code: str, mode: str
) -> None:
    """In each way of showing subtitles, with the sidecar that was asked for and the title card before it."""
    path = media.folder / "s.srt"
    path.write_text(content, encoding="utf-8")
    options = {"motion": "none", "fps": 25, "subtitle_mode": mode, "webvtt": True, "title_card_s": 0.2}
    made = make(options, length_s=1.0, subtitles=path, title="A title")
    assert [warning.code for warning in made.report.warnings] == [code]
    check(made.path, frames=30, fps=25, size=(640, 360))
    assert (made.scratch / "captions.vtt").read_text() == "WEBVTT\n"
