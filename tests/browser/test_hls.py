"""HLS ladders in a browser: hls.js in headless Chromium plays, switches and seeks, in real time. `make hls-browser` runs it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.browser.serving import Site, serving
from tests.container_worker.media.transcode.encode.clips import ffmpeg, numbered
from tests.support.transcoding import Transcoding

pytestmark = pytest.mark.browser

_HERE = Path(__file__).parent
FRAMES, RATE = 500, 25
#: Longest wait for a report: the clip lasts 20 s.
_PATIENCE_S = 90
_SUBTITLES = "1\n00:00:01,000 --> 00:00:03,500\nOne second\n\n2\n00:00:14,000 --> 00:00:15,000\nFourteen\n"


@pytest.fixture(scope="module")
def modules() -> Path:
    """The folder that npm has installed packages into."""
    return Path(os.environ["SCENEBURST_NODE_MODULES"]).absolute()


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds of numbered frames in two rungs, divided where HLS does not cut, with two sounds and subtitles."""
    folder = tmp_path_factory.mktemp("ladder")
    (folder / "in").mkdir()
    silent = numbered(folder / "silent.mp4", FRAMES, size=(640, 360))
    (folder / "film.srt").write_text(_SUBTITLES)
    tones = [word for hz in (440, 880) for word in ("-f", "lavfi", "-i", f"sine=f={hz}:d=20:r=48000")]
    source = folder / "in" / "film.mkv"
    ffmpeg(
        "-i", silent, *tones, "-i", folder / "film.srt", "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c:v", "copy",
        "-c:a", "aac", "-c:s", "srt", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu",
        "-metadata:s:s:0", "language=eng", source,
    )  # fmt: skip
    made = Transcoding(source, folder / "out", {"renditions": ["360p", "240p"], "segment_s": 7, "hls": True})
    made.run()
    return folder / "out" / "film-hls"


@pytest.fixture
def site(ladder: Path, modules: Path) -> Iterator[Site]:
    """The server of the page and the ladder."""
    files = {
        "/": _HERE / "player.html", "/player.js": _HERE / "player.js", "/hls.js": modules / "hls.js" / "dist" / "hls.min.js",
        "/ladder": ladder,
    }  # fmt: skip
    with serving(files) as running:
        yield running


@contextmanager
def _browser(address: str, folder: Path) -> Iterator[None]:
    """Open a page in a browser of its own."""
    argv = [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--no-first-run",
        "--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage", f"--user-data-dir={folder}", address,
    ]  # fmt: skip
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def _report(site: Site, folder: Path, **asked: object) -> dict[str, Any]:
    """Open the player, and return the report that it posts; also printed."""
    query = urlencode({"ladder": "/ladder/film.m3u8", **asked})
    with _browser(f"{site.address}/?{query}", folder):
        told = site.reports.get(timeout=_PATIENCE_S)
    print({name: value for name, value in told.items() if name != "shown"}, f"{len(told['shown'])} frames seen")
    assert [error for error in told["errors"] if error[1]] == []
    return told


def _wrong(shown: list[Any]) -> list[Any]:
    """The frames that do not show the number that belongs to their time; a picture may be drawn a frame late."""
    return [each for each in shown if (each[1] - round(each[0] * RATE)) % 256 > 2]


def test_a_rung_is_played_to_its_end(site: Site, tmp_path: Path) -> None:
    """With at least 98 % of its frames; every one that is seen shows what belongs to its time."""
    told = _report(site, tmp_path, does="ended", height=360)
    assert told["ended"]
    assert told["height"] == 360
    assert told["decoded"] - told["dropped"] >= 0.98 * FRAMES
    assert told["duration"] == pytest.approx(FRAMES / RATE, abs=0.1)
    assert _wrong(told["shown"]) == []


@pytest.mark.parametrize(("first", "then"), [(240, 360), (360, 240)])
def test_rungs_are_switched_while_playing(site: Site, tmp_path: Path, first: int, then: int) -> None:
    """No frame is lost or shown twice where one goes over into the other."""
    told = _report(site, tmp_path, does="switch", height=first, to=then)
    assert told["ended"]
    assert (told["levels"][0], told["levels"][-1], told["height"]) == (first, then, then)
    heights = [height for _, _, height in told["shown"]]
    assert heights == sorted(heights, reverse=then < first)
    assert told["decoded"] - told["dropped"] >= 0.98 * FRAMES
    assert _wrong(told["shown"]) == []


def test_seeks_show_the_frame_of_their_time(site: Site, tmp_path: Path) -> None:
    """Forwards and backwards, into what is loaded and what is not."""
    told = _report(site, tmp_path, does="seek", height=360)
    found = [(wanted, *told["shown"][at + 1][:2]) for at, (time, wanted, _) in enumerate(told["shown"]) if time is None]
    assert [wanted for wanted, _, _ in found] == [13.02, 3.5, 17.98, 6.0]
    assert [time for _, time, _ in found] == pytest.approx([wanted for wanted, _, _ in found], abs=5 / RATE)
    assert _wrong([(time, number) for _, time, number in found]) == []


def test_sounds_and_subtitles_are_chosen(site: Site, tmp_path: Path) -> None:
    """The second language is loaded; cues have the times of the picture."""
    told = _report(site, tmp_path, does="tracks", height=240)
    assert told["sounds"] == ["en", "de"]
    assert told["sound"] == 1
    assert any(path == "/ladder/audio-2.mp4" and span for path, span in site.asked)
    texts = {text: (start, end) for start, end, text in told["cues"]}
    assert texts["One second"] == pytest.approx((1.0, 3.5), abs=0.002)
    assert texts["Fourteen"] == pytest.approx((14.0, 15.0), abs=0.002)


def test_another_parser_finds_no_fault(ladder: Path, modules: Path) -> None:
    """Npm's hls-parser, which checks what RFC 8216 says, in its strict mode."""
    script = """
        const fs = require("fs"), HLS = require(process.argv[1]), told = {};
        HLS.setOptions({strictMode: true});
        for (const file of process.argv.slice(2)) {
            const read = HLS.parse(fs.readFileSync(file, "utf8"));
            told[file] = read.isMasterPlaylist ? read.variants.length : read.segments.map((segment) => segment.duration);
        }
        console.log(JSON.stringify(told));
    """
    files = sorted(map(str, ladder.glob("*.m3u8")))
    told = json.loads(subprocess.check_output(["node", "-e", script, str(modules / "hls-parser"), *files], text=True))
    assert {Path(name).name: value for name, value in told.items() if "audio" not in name} == {
        "film.m3u8": 2, "240p.m3u8": [6, 6, 6, 2], "360p.m3u8": [6, 6, 6, 2], "subtitles-eng.m3u8": [20],
    }  # fmt: skip
