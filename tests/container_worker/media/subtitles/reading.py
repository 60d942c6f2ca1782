"""Reading subtitle files in tests."""

from pathlib import Path

from container_worker.media.subtitles.cues import read_cues

#: The times of a cue in WebVTT and in SRT.
T = "00:00:01.000 --> 00:00:02.000"
S = "00:00:01,000 --> 00:00:02,000"
#: (start, end, text), in seconds.
Cues = list[tuple[float, float, str]]


def read(tmp_path: Path, text: str) -> Cues:
    """Read a subtitle file with this text."""
    path = tmp_path / "subtitles"
    path.write_bytes(text.encode())
    return [(cue.start_s, cue.end_s, cue.text) for cue in read_cues(str(path), "subtitles")]
