"""The table of a picture's packets, read from real files."""

from pathlib import Path

import av
import pytest

from container_worker.media.transcode.probing.demuxing import read_table
from container_worker.media.transcode.probing.packets import Flag, Packets, read_packets, write_packets
from container_worker.media.transcode.probing.streams import describe
from tests.container_worker.media.transcode.probing.clips import clip, ffmpeg


def _table(path: Path) -> Packets:
    return read_table(path, 0, "source", lambda _bytes: None).packets


def _sparse(path: Path, target: Path) -> Path:
    """A copy of an MP4 with its boxes, but without what is in its packets."""
    whole = path.read_bytes()
    media = whole.index(b"mdat")
    moov = whole.index(b"moov") - 4
    content = bytearray(len(whole))
    content[: media + 4] = whole[: media + 4]
    content[moov:] = whole[moov:] if moov > media else content[moov:]
    target.write_bytes(bytes(content))
    return target


def test_the_index_of_an_mp4_is_enough(tmp_path: Path) -> None:
    """Times, places and keyframes are the same where all packets are missing, whichever end the index is at."""
    for name, arguments in (("end", ()), ("front", ("-movflags", "+faststart"))):
        whole = clip(tmp_path / f"{name}.mp4", *arguments, sound=True)
        rows = list(_table(whole))
        assert len(rows) == 50
        assert [number for number, row in enumerate(rows) if row.flags & Flag.KEY] == [0, 25]
        assert list(_table(_sparse(whole, tmp_path / f"{name}-sparse.mp4"))) == rows


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "fragmented.mp4"])
def test_tracks_that_have_packets_are_told(name: str, tmp_path: Path) -> None:
    """By the index of an MP4, or else by the packets."""
    flags = ("-movflags", "+frag_keyframe") if name == "fragmented.mp4" else ()
    table = read_table(clip(tmp_path / name, *flags, sound=True), 0, "source", lambda _bytes: None)
    assert table.with_packets == {1}


@pytest.mark.parametrize(("name", "flags"), [("b.mkv", ""), ("b.mp4", "+empty_moov+frag_keyframe")])
def test_a_track_without_packets_is_told(name: str, flags: str, tmp_path: Path) -> None:
    """Matroska and fragmented MP4 name tracks in front of all packets."""
    target = tmp_path / name
    with (
        av.open(str(clip(tmp_path / "a.mp4"))) as source,
        av.open(str(target), "w", options={"movflags": flags} if flags else {}) as made,
    ):
        picture = made.add_stream_from_template(source.streams.video[0])
        made.add_stream("aac", rate=48000).codec_context.open()
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = picture
                made.mux(packet)
    assert [each.type for each in describe(target, "source", None).streams] == ["audio"]
    assert read_table(target, 0, "source", lambda _bytes: None).with_packets == set()


def test_packets_before_the_start_of_an_edit_list_are_hidden(tmp_path: Path) -> None:
    """They are decoded, but no player shows them."""
    whole = clip(tmp_path / "a.mp4")
    rows = list(_table(ffmpeg(tmp_path / "late.mp4", "-ss", "0.6", "-i", whole, "-c", "copy")))
    hidden = [row for row in rows if row.flags & Flag.HIDDEN]
    assert len(hidden) == 15
    assert all(row.pts < 0 for row in hidden)


def test_packets_behind_the_end_of_a_file_are_marked(tmp_path: Path) -> None:
    """Their times are known from the index, which is in front."""
    whole = clip(tmp_path / "a.mp4", "-movflags", "+faststart").read_bytes()
    (cut := tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 3 // 4])
    rows = list(_table(cut))
    assert len(rows) == 50
    marked = [row for row in rows if row.flags & Flag.CUT]
    assert 0 < len(marked) < 40
    assert all(row.pos + row.size > len(whole) * 3 // 4 for row in marked)


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    """By the worker, from the child's file."""
    packets = _table(clip(tmp_path / "a.mkv"))
    write_packets(packets, tmp_path / "packets.bin")
    assert list(read_packets(tmp_path / "packets.bin")) == list(packets)


def test_rotation_is_told_clockwise(tmp_path: Path) -> None:
    """The option of ffmpeg turns the other way."""
    whole = clip(tmp_path / "a.mp4")
    turned = ffmpeg(tmp_path / "b.mp4", "-display_rotation", "90", "-i", whole, "-c", "copy")
    assert describe(turned, "source", None).picture.rotation == 270
    assert describe(whole, "source", None).picture.rotation == 0
