"""The subtitles of a film's scenes, whatever is in their sidecars: cues, one warning of each kind, or one clear error."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from container_worker.media.defaults import MAX_CUES
from container_worker.media.film import captions
from container_worker.media.film.captions import film_cues
from container_worker.media.film.rendered_scene import Rendered
from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.webvtt import webvtt
from scenequeue.errors import BadInput

#: Frames per second, and frames of each scene: 2 s.
FPS, FRAMES = 25, 50


def _read(folder: Path, *sidecars: bytes, language: str | None = None) -> list[Cue]:
    """The cues of a film of scenes with these sidecars, without fades."""
    for number, sidecar in enumerate(sidecars):
        (folder / f"{number}.vtt").write_bytes(sidecar)
    scenes = [Rendered(folder / f"{number}.mp4", FRAMES, (0,), b"") for number in range(len(sidecars))]
    return film_cues(scenes, [FRAMES * number for number in range(len(scenes))], FPS, language)


def _warned(capfd: pytest.CaptureFixture[str]) -> list[tuple[str, dict[str, object]]]:
    said = [json.loads(line)["warning"] for line in capfd.readouterr().out.splitlines()]
    return [(each["code"], each["parameters"]) for each in said]


def _shown(cues: Sequence[Cue]) -> list[tuple[float, float, str]]:
    return [(cue.start_s, cue.end_s, cue.text) for cue in cues]


def test_our_own_sidecars_come_back_as_they_were(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """At the times of the film."""
    cues = [Cue(0.04, 1.0, "a < b & c --> d\n{x} 世界"), Cue(1.2, 1.96, "مرحبا")]
    own = webvtt(cues).encode()
    assert _read(tmp_path, own, own) == [*cues, *(Cue(2 + cue.start_s, 2 + cue.end_s, cue.text) for cue in cues)]
    assert _warned(capfd) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_a_sidecar_in_another_encoding_is_read(tmp_path: Path, capfd: pytest.CaptureFixture[str], encoding: str) -> None:
    """As a scene's subtitle file is, with a warning where the guess is a doubtful one."""
    words = "Voilà, c'était déjà la fin de l'été, et nous étions très fatigués d'avoir tant marché."
    sidecar = f"WEBVTT\r\n\r\n00:00.200 --> 00:00.800\r\n{words}\r\n".encode(encoding)
    assert _shown(_read(tmp_path, sidecar, language="fr")) == [(0.2, 0.8, words)]
    assert _warned(capfd) == []
    _read(tmp_path, *["WEBVTT\n\n00:00.200 --> 00:00.800\n\xe9\n".encode("cp1252")] * 2)
    assert _warned(capfd) == [("charset_guessed", {"encoding": "Windows-1252"})]


@pytest.mark.parametrize(
    ("times", "code"),
    [
        ("00:00:05.000 --> 00:00:06.000", "cues_after_end"),
        ("999999999:00:00.000 --> 999999999:00:01.000", "cues_after_end"),
        ("00:00:00.500 --> 00:00:00.400", "cues_backwards"),
        ("00:00:00.000 --> 00:00:00.000", "cues_backwards"),
        ("nan --> inf", "cues_unreadable"),
        ("a:b:c --> d", "cues_unreadable"),
        (" --> ", "cues_unreadable"),
        ("1:2:3:4 --> 5:6:7:8", "cues_unreadable"),
        (f"{'9' * 400}:00:00.000 --> {'9' * 400}:00:01.000", "cues_unreadable"),
        (f"{'9' * 5000}:00:00.000 --> {'9' * 5000}:00:01.000", "cues_unreadable"),
    ],
    ids=lambda value: value[:20],
)
def test_a_cue_that_cannot_be_shown_is_left_out_with_a_warning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], times: str, code: str
) -> None:
    """All others are in the film, and many odd sidecars are one warning: a child that says too much is ended."""
    sidecar = f"WEBVTT\n\n{times}\nhostile\n\n00:00:00.200 --> 00:00:00.800\nkept\n".encode()
    assert _shown(_read(tmp_path, *[sidecar] * 150))[:2] == [(0.2, 0.8, "kept"), (2.2, 2.8, "kept")]
    assert _warned(capfd) == [(code, {"cues": 150})]


def test_a_cue_ends_with_its_scene(tmp_path: Path) -> None:
    """Or it would be shown over the next one, or beyond the film."""
    long = b"WEBVTT\n\n00:00.200 --> 99:00:00.000\nlong\n"
    assert _shown(_read(tmp_path, long, b"", long)) == [(0.2, 2.0, "long"), (4.2, 6.0, "long")]


def test_words_of_a_cue_begin_no_other_one(tmp_path: Path) -> None:
    """Mark-up, arrows, control characters and empty lines stay words, or go."""
    words = "<b>a</b> &lt;i&gt;\x00\x1b[2J b &#45;-&gt; c \u2028d &#10;&#10;e"
    (cue,) = _read(tmp_path, f"WEBVTT\n\n00:00.200 --> 00:00.800\n{words}\n".encode())
    assert cue.text == "a <i>\ufffd[2J b --> c d\ne"
    assert webvtt([cue]).count("-->") == 1


@pytest.mark.parametrize(
    "content",
    [
        b"no subtitles", b"1\n00:00:00,000 --> 00:00:01,000\nan SRT file\n", b"WEBVTTX\n\n00:00.000 --> 00:01.000\nhi",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, b"\xff\xfe\xff" * 999, b"PK\x03\x04" + bytes(999),
    ],
    ids=["text", "srt", "magic", "png", "bytes", "zip"],
)  # fmt: skip
def test_what_is_no_webvtt_is_refused(tmp_path: Path, content: bytes) -> None:
    """Our own always is; what has come in its place is not the scene's subtitles."""
    with pytest.raises(BadInput, match=r"^1\.vtt is not an SRT, WebVTT"):
        _read(tmp_path, b"", content)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"WEBVTT", b"WEBVTT\n\nNOTE nothing\n"])
def test_an_empty_sidecar_has_no_cues(tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes) -> None:
    """A silent scene's is one."""
    assert _read(tmp_path, content) == []
    assert _warned(capfd) == []


def test_too_many_cues_are_refused(tmp_path: Path) -> None:
    """Whatever is in them."""
    with pytest.raises(BadInput, match=r"0\.vtt has 40001 cues, more than the 40000"):
        _read(tmp_path, b"WEBVTT\n\n" + b"00:00.000 --> 00:01.000\nx\n\n" * (captions.MAX_SCENE_CUES + 1))


def test_as_many_cues_as_a_scene_can_have_are_read(tmp_path: Path) -> None:
    """Overlapping cues give a scene nearly two for each of its subtitle file's, in a larger file than that may be."""
    count = 2 * MAX_CUES - 1
    words = "x" * 220
    sidecar = "WEBVTT\n\n" + f"00:00.000 --> 00:01.000\n{words}\n\n" * count
    assert len(sidecar) > captions.MAX_SUBTITLE_BYTES
    assert _read(tmp_path, sidecar.encode())[-1].text == words


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    "WEBVTT",
                    "\n",
                    "\n\n",
                    " --> ",
                    "00:00.500",
                    "9" * 20,
                    ":",
                    ".",
                    "<",
                    ">",
                    "&#9;",
                    "NOTE",
                    "\x00",
                    "é",
                    "\u202e",
                ]
            ),
            max_size=30,
        ).map(lambda words: "".join(["WEBVTT\n\n", *words]).encode()),
    )
)
def test_anything_is_cues_inside_the_scene_or_one_clear_error(tmp_path: Path, content: bytes) -> None:
    """Nothing else is raised, and what is written of it is as many cues."""
    try:
        cues = _read(tmp_path, content)
    except BadInput:
        return
    assert all(0 <= cue.start_s < cue.end_s <= FRAMES / FPS for cue in cues)
    assert len(re.findall(r"^[0-9:.]+ --> [0-9:.]+$", webvtt(cues), re.MULTILINE)) == len(cues)
