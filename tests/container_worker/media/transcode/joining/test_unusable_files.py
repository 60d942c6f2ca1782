"""Joins whose segments or tracks are no files of this transcoding: refused once, and named."""

import json
from pathlib import Path

import av
import pytest

from container_worker.media.transcode.packet_table import read_table
from scenequeue.errors import BadInput
from tests.container_worker.media.transcode.encode.clips import numbered
from tests.container_worker.media.transcode.joining.joins import Joined, finish, join, track, with_sound

_SEGMENT, _TRACK = "segment-00001.nut", "track-1.mka"


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Joined:
    """A clip with sound that has been joined once."""
    folder = tmp_path_factory.mktemp("joined")
    return join(with_sound(folder, "a.mp4"), folder / "join", tracks=(track(1, "aac", "copy"),))


def _refused(joined: Joined, name: str, content: bytes) -> BadInput:
    """Join with other content of one file, which is put back."""
    path = joined.folder / name
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        with pytest.raises(BadInput) as caught:
            finish(joined)
    finally:
        path.write_bytes(before)
    return caught.value


@pytest.mark.parametrize("name", ["segment-00000.nut", _SEGMENT, _TRACK])
@pytest.mark.parametrize("kept_bytes", [0, 10, 100])
def test_a_file_that_is_cut_in_its_header_is_refused(joined: Joined, name: str, kept_bytes: int) -> None:
    """It is named."""
    error = _refused(joined, name, (joined.folder / name).read_bytes()[:kept_bytes])
    assert (error.reason.code, error.reason.parameters["file"]) == ("join_file_unusable", name)


@pytest.mark.parametrize("name", [_SEGMENT, _TRACK])
def test_a_file_that_is_cut_between_its_packets_is_refused(joined: Joined, name: str) -> None:
    """Whatever is read of it."""
    data = (joined.folder / name).read_bytes()
    error = _refused(joined, name, data[: len(data) // 2])
    assert error.reason.code in {"join_file_unusable", "join_packet_differs", "join_frames_differ", "join_track_differs"}


@pytest.mark.parametrize("name", ["segment-00000.nut", _SEGMENT, _TRACK])
def test_a_list_of_files_is_not_read_in_place_of_one(joined: Joined, name: str) -> None:
    """Though the files that it names are the right ones."""
    copy = joined.folder / f"copy{Path(name).suffix}"
    copy.write_bytes((joined.folder / name).read_bytes())
    for text in (f"ffconcat version 1.0\nfile {copy.name}\n", f"#EXTM3U\n#EXTINF:1,\n{copy.name}\n#EXT-X-ENDLIST\n"):
        error = _refused(joined, name, text.encode())
        assert (error.reason.code, error.reason.parameters["file"]) == ("join_file_unusable", name)


def test_a_segment_without_a_picture_is_refused(joined: Joined) -> None:
    """One of another kind, too."""
    sound = joined.folder / "sound.nut"
    with av.open(str(sound), "w", format="nut") as file:
        stream = file.add_stream("pcm_s16le", rate=8000)
        silence = av.AudioFrame(format="s16", layout="mono", samples=80)
        silence.sample_rate = 8000
        for packet in [*stream.encode(silence), *stream.encode(None)]:
            file.mux(packet)
    error = _refused(joined, _SEGMENT, sound.read_bytes())
    assert (error.reason.code, error.reason.parameters["file"]) == ("join_file_unusable", _SEGMENT)


@pytest.mark.parametrize("index", [2**63, -1, 7])
def test_a_report_of_a_track_that_is_not_in_the_plan_is_refused(joined: Joined, index: int) -> None:
    """Its number is that of its file."""
    report = json.loads((joined.folder / "track-1.json").read_text())
    error = _refused(joined, "track-1.json", json.dumps({**report, "index": index}).encode())
    assert (error.reason.code, error.reason.parameters["file"]) == ("report_unusable", "track-1.json")


def test_a_written_track_is_read_in_no_other_format(tmp_path: Path) -> None:
    """A list that names it is none."""
    clip = numbered(tmp_path / "a.mp4", 5)
    assert len(read_table(clip).packets) == 5
    (tmp_path / "a.mka").write_text("ffconcat version 1.0\nfile a.mp4\n")
    with pytest.raises(av.FFmpegError):
        read_table(tmp_path / "a.mka")
