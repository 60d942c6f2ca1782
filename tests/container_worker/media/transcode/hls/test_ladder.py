"""A whole HLS ladder: read by a parser that is not ours, and every planted fault is found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import m3u8
import pytest

from container_worker.media.transcode.hls.file_names import FACTS_FILE, MASTER_FILE, MEDIA_FILE, PLAYLIST_FILE
from container_worker.media.transcode.hls.fragments import read_fragments
from container_worker.media.transcode.hls.writing import write_playlists
from producer.delivered_files import delivered_files
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.hls import HlsMedia
from tests.container_worker.media.transcode.hls.ladders import checks, clip, lay_out, transcode
from tests.support.transcoding import Transcoding


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Transcoding:
    """Two rungs, divided into segments that are no multiple of HLS's, two sounds, and subtitles; the other files are Matroska."""
    folder = tmp_path_factory.mktemp("ladder")
    source = clip(folder / "in" / "film.mkv")
    return transcode(source, folder / "out", renditions=["360p", "240p"], segment_s=5, container="mkv")


def _ladder(made: Transcoding) -> Path:
    return made.folder / "film-hls"


def test_a_foreign_parser_reads_the_playlists(made: Transcoding) -> None:
    """They keep to RFC 8216: one target duration, ranges that cover each file, lengths that round to no more, no addresses."""
    folder = _ladder(made)
    master = m3u8.load(str(folder / "film.m3u8"))
    assert master.is_variant
    assert master.is_independent_segments
    names = [each.uri for each in master.playlists] + [str(each.uri) for each in master.media]
    assert sorted(names) == sorted(each.name for each in folder.glob("*.m3u8") if each.name != "film.m3u8")
    media = {name: m3u8.load(str(folder / name)) for name in names}
    text = media.pop("subtitles-eng.m3u8")
    assert [(each.uri, each.duration) for each in text.segments] == [("subtitles-eng.vtt", 15.0)]
    assert text.target_duration == 15
    assert len({each.target_duration for each in media.values()}) == 1
    for name, each in media.items():
        assert (each.is_endlist, each.playlist_type, each.version, each.media_sequence) == (True, "vod", 7, 0)
        file = folder / name.replace(".m3u8", ".mp4")
        length, at = map(int, each.segment_map[0].byterange.split("@"))
        assert (at, each.segment_map[0].uri) == (0, file.name)
        for segment in each.segments:
            assert segment.uri == file.name
            size, begin = map(int, segment.byterange.split("@"))
            assert begin == at + length
            length, at = size, begin
            assert int(segment.duration + 0.5) <= each.target_duration
        assert at + length == file.stat().st_size
    starts = [[segment.duration for segment in media[each.uri].segments] for each in master.playlists]
    assert starts == [[6.0, 6.0, 3.0]] * 2


def test_lengths_are_those_of_the_packets(made: Transcoding) -> None:
    """Each rung begins every segment with a keyframe at the same time; lengths are exact within a microsecond."""
    for name in ("360p", "240p"):
        playlist = m3u8.load(str(_ladder(made) / f"{name}.m3u8"))
        with av.open(str(_ladder(made) / f"{name}.mp4")) as file:
            stream = file.streams.video[0]
            assert stream.time_base
            packets = [
                (each.pos or 0, float((each.pts or 0) * stream.time_base), each.is_keyframe)
                for each in file.demux(stream)
                if each.size
            ]
        told = 0.0
        for segment in playlist.segments:
            size, begin = map(int, segment.byterange.split("@"))
            inside = [(time, is_key) for pos, time, is_key in packets if begin <= pos < begin + size]
            assert inside[0][1]
            assert min(time for time, _ in inside) == inside[0][0] == pytest.approx(packets[0][1] + told, abs=1e-6)
            told += segment.duration
        assert len(packets) == 150
        assert told == pytest.approx(15.0, abs=1e-6)


def test_the_master_playlist_tells_what_the_files_have(made: Transcoding) -> None:
    """Codecs, sizes, rates, languages; the default is the source's first sound."""
    master = m3u8.load(str(_ladder(made) / "film.m3u8"))
    small = master.playlists[1].stream_info
    assert (small.resolution, small.frame_rate, small.codecs) == ((426, 240), 10.0, "avc1.640015,mp4a.40.2")
    sizes = {name: (_ladder(made) / f"{name}.mp4").stat().st_size for name in ("240p", "audio-1", "audio-2")}
    average = (sizes["240p"] + max(sizes["audio-1"], sizes["audio-2"])) * 8 / 15
    assert small.average_bandwidth == pytest.approx(average, rel=0.02)
    assert small.average_bandwidth <= small.bandwidth < 3 * small.average_bandwidth
    assert [(each.type, each.language, each.default, each.autoselect, each.group_id) for each in master.media] == [
        ("AUDIO", "en", "YES", "YES", "audio"), ("AUDIO", "de", "NO", "YES", "audio"),
        ("SUBTITLES", "en", "NO", "YES", "subtitles"),
    ]  # fmt: skip
    assert [each.stream_info.resolution for each in master.playlists] == [(640, 360), (426, 240)]


def test_subtitles_tell_the_clock_of_picture_and_sound(made: Transcoding) -> None:
    """Whose times begin a second later, so that none is negative."""
    text = (_ladder(made) / "subtitles-eng.vtt").read_text().split("\n")
    assert text[:2] == ["WEBVTT", "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:90000"]
    assert text[3:5] == ["00:00:01.000 --> 00:00:03.500", "One second"]
    with av.open(str(_ladder(made) / "240p.mp4")) as file:
        assert next(file.decode(video=0)).time == 1.0


def test_a_segment_begins_to_be_decoded_when_it_begins_to_be_shown(made: Transcoding) -> None:
    """Some players take the time of the first decoding for the beginning; the header takes the delay off for all others."""
    data = (_ladder(made) / "240p.mp4").read_bytes()
    at = data.index(b"tfdt") + 8
    assert int.from_bytes(data[at : at + 8], "big") == 1000
    at = data.index(b"elst") + 4
    version, count, duration, delay, rate = (int.from_bytes(data[at + 4 * n : at + 4 * n + 4], "big") for n in range(5))
    assert (version, count, duration, rate) == (0, 1, 0, 1 << 16)
    with av.open(str(_ladder(made) / "240p.mp4")) as file:
        packet = next(file.demux(video=0))
        assert (packet.pts, packet.pts - packet.dts) == (1000, delay)


def test_the_result_has_the_ladder(made: Transcoding) -> None:
    """The master playlist is the main output, which is uploaded last; the report has its address."""
    _item, finished = made.finished[-1]
    result = finished.result
    assert result.output == f"file://{_ladder(made)}/film.m3u8" == result.details["hls"]
    assert json.loads((made.folder / "film-report.json").read_text())["hls"] == result.output
    roles = {each.address.rpartition("/")[2]: each.role for each in result.artifacts}
    assert roles == {
        **dict.fromkeys(("film.m3u8", "360p.m3u8", "240p.m3u8"), "playlist"),
        **dict.fromkeys(("audio-1.m3u8", "audio-2.m3u8", "subtitles-eng.m3u8"), "playlist"),
        **dict.fromkeys(("360p.mp4", "240p.mp4", "audio-1.mp4", "audio-2.mp4"), "segment"),
        **dict.fromkeys(("film-360p.mkv", "film-240p.mkv"), "video"), "film-report.json": "report",
        **dict.fromkeys(("film-eng.vtt", "subtitles-eng.vtt"), "captions"),
    }  # fmt: skip
    assert {each["name"] for each in result.details["checks"]} >= {"hls", "ladder"}
    files = {(each.folder, each.name + each.ending) for each in delivered_files(result)}
    assert {("film-hls", "240p.mp4"), ("film-hls", "film.m3u8"), ("", "film-240p.mkv")} <= files
    assert len(files) == len(roles) - 1


def _edited(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _length_off(folder: Path) -> None:
    _edited(folder / PLAYLIST_FILE.format(1), "#EXTINF:6.000000", "#EXTINF:6.002000")


def _range_off(folder: Path) -> None:
    playlist = m3u8.load(str(folder / PLAYLIST_FILE.format(0)))
    size, begin = playlist.segments[1].byterange.split("@")
    _edited(folder / PLAYLIST_FILE.format(0), f"{size}@{begin}", f"{size}@{int(begin) + 1}")


def _segment_missing(folder: Path) -> None:
    lines = (folder / PLAYLIST_FILE.format(0)).read_text().splitlines()
    (folder / PLAYLIST_FILE.format(0)).write_text("\n".join([*lines[:-4], lines[-1], ""]))


def _foreign_address(folder: Path) -> None:
    path = folder / PLAYLIST_FILE.format(0)
    path.write_text(path.read_text().replace("\n360p.mp4", "\nhttp://example.org/360p.mp4", 1))


def _unknown_tag(folder: Path) -> None:
    _edited(folder / PLAYLIST_FILE.format(0), "#EXT-X-ENDLIST", "#EXT-X-DISCONTINUITY\n#EXT-X-ENDLIST")


def _packet_damaged(folder: Path) -> None:
    data = bytearray((folder / MEDIA_FILE.format(1)).read_bytes())
    data[-40] ^= 1
    (folder / MEDIA_FILE.format(1)).write_bytes(data)


def _sound_late(folder: Path) -> None:
    """Move every fragment of the sound by a hundredth of a second."""
    data = bytearray((folder / MEDIA_FILE.format(2)).read_bytes())
    at = data.find(b"tfdt")
    while at > 0:
        place = slice(at + 8, at + 16)
        data[place] = (int.from_bytes(data[place], "big") + 441).to_bytes(8, "big")
        at = data.find(b"tfdt", at + 1)
    (folder / MEDIA_FILE.format(2)).write_bytes(data)


def _subtitles_late(folder: Path) -> None:
    (path,) = folder.glob("hls-captions-*.vtt")
    _edited(path, "MPEGTS:90000", "MPEGTS:180000")


def _cut_elsewhere(folder: Path) -> None:
    """One rung has its first two segments in one."""
    path = folder / FACTS_FILE.format(1)
    media = HlsMedia.model_validate_json(path.read_text())
    one, other, *rest = media.segments
    merged = type(one)(one.bytes + other.bytes, one.duration + other.duration, one.packets + other.packets)
    path.write_text(media.model_copy(update={"segments": [merged, *rest]}).model_dump_json())


def _other_rung(folder: Path) -> None:
    shutil.copy(folder / MEDIA_FILE.format(0), folder / MEDIA_FILE.format(1))
    shutil.copy(folder / FACTS_FILE.format(0), folder / FACTS_FILE.format(1))


def _frames_lost(folder: Path) -> None:
    """The last fragment is cut off; its description agrees."""
    path = folder / FACTS_FILE.format(0)
    media = HlsMedia.model_validate_json(path.read_text())
    _init, fragments = read_fragments(folder / MEDIA_FILE.format(0))
    with (folder / MEDIA_FILE.format(0)).open("r+b") as file:
        file.truncate(fragments[-1].begin)
    last = media.segments[-1]
    shorter = last._replace(bytes=last.bytes - (fragments[-1].end - fragments[-1].begin))
    path.write_text(media.model_copy(update={"segments": [*media.segments[:-1], shorter]}).model_dump_json())


@pytest.mark.parametrize(
    ("fault", "check", "code"),
    [
        (_length_off, ("hls", "240p"), "hls_length_wrong"),
        (_range_off, ("hls", "360p"), "hls_ranges_wrong"),
        (_segment_missing, ("hls", "360p"), "hls_ranges_wrong"),
        (_foreign_address, ("hls", "360p"), "hls_ranges_wrong"),
        (_unknown_tag, ("hls", "360p"), "hls_unreadable"),
        (_packet_damaged, ("hls", "240p"), "hls_packets_foreign"),
        (_sound_late, ("hls", "audio-1"), "hls_times_off"),
        (_subtitles_late, ("hls", "subtitles-eng"), "hls_text_differs"),
        (_cut_elsewhere, ("ladder", "hls"), "hls_rungs_apart"),
        (_other_rung, ("hls", "240p"), "hls_packets_foreign"),
        (_frames_lost, ("hls", "360p"), "hls_packets_foreign"),
    ],
)
def test_a_planted_fault_is_found(
    made: Transcoding, tmp_path: Path, fault: Callable[[Path], None], check: tuple[str, str], code: str
) -> None:
    """By the check that must find it, and by no other check of the ladder."""
    folder = lay_out(made, tmp_path / "work")
    fault(folder)
    if fault in (_cut_elsewhere, _other_rung, _frames_lost):
        write_playlists(made.plan, folder)
    found = checks(folder)
    assert {name: str(each.detail.code) for name, each in found.items() if not each.ok} == {check: code}


@pytest.mark.parametrize(
    ("old", "new", "attribute"),
    [
        ("avc1.640015", "avc1.640016", "CODECS"), ("RESOLUTION=426x240", "RESOLUTION=426x241", "RESOLUTION"),
        (":BANDWIDTH=", ":BANDWIDTH=1", "BANDWIDTH"), ("AVERAGE-BANDWIDTH=", "AVERAGE-BANDWIDTH=1", "AVERAGE-BANDWIDTH"),
        ("FRAME-RATE=10.000", "FRAME-RATE=12.000", "FRAME-RATE"), ("\n240p.m3u8", "\nhttps://example.org/240p.m3u8", "URI"),
        ('URI="audio-1.m3u8"', 'URI="//example.org/audio-1.m3u8"', "URI"), (',AUDIO="audio"', "", "AUDIO"),
    ],
)  # fmt: skip
def test_a_wrong_master_playlist_is_found(made: Transcoding, tmp_path: Path, old: str, new: str, attribute: str) -> None:
    """The attribute is named."""
    folder = lay_out(made, tmp_path / "work")
    _edited(folder / MASTER_FILE, old, new)
    check = checks(folder)["ladder", "hls"]
    assert (check.ok, check.detail.code, check.detail.parameters["attribute"]) == (False, "hls_master_wrong", attribute)


def test_nothing_is_published_of_a_ladder_with_a_fault(made: Transcoding, tmp_path: Path) -> None:
    """Neither its files nor the others."""
    copied = Transcoding(made.source, tmp_path / "out", made.options)
    shutil.copytree(made.work, copied.work)
    for path in copied.work.rglob("*.json"):
        path.write_text(path.read_text().replace(str(made.folder), str(copied.folder)))
    file = copied.work / "hls" / "audio-2.mp4"
    file.write_bytes(file.read_bytes()[:-1])
    item, _finished = made.finished[-1]
    payload = {**item.payload, "work": f"file://{copied.work}"}
    with pytest.raises(BadInput, match="hls") as caught:
        copied.carry_out(item.model_copy(update={"payload": payload}))
    assert caught.value.reason.code == "verification_failed"
    assert [path.name for path in copied.folder.iterdir()] == [".sceneburst"]
