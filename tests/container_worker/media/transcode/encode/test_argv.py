"""Command lines of a segment's ffmpeg, and the decisions in them."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from container_worker.media.transcode.encode.argv import argv_for, seek_us
from container_worker.media.transcode.encode.encoders import encoder_options
from container_worker.media.transcode.encode.filters import base_pts, filter_graphs, output_aspect
from container_worker.media.transcode.encode.formats import seek_margin_us
from container_worker.media.transcode.encode.keyframes import encoded_keyframes, keyframe_expression
from scenequeue.jobs.transcode.plan import Rendition, Segment
from scenequeue.jobs.transcode.source import Picture

SEGMENT = Segment(
    number=1, first_frame=100, frames=50, start_pts=4000, end_pts=6000, lead_pts=3000, lead_frames=25, tail_pts=7800,
    tail_frames=45, seek_pts=2000, keyframes=[0, 20],
)  # fmt: skip
WHOLE = Segment(number=0, first_frame=0, frames=50, keyframes=[0, 48, 96])


def _picture(**more: Any) -> Picture:
    facts = {
        "index": 0, "codec": "h264", "width": 640, "height": 360, "pix_fmt": "yuv420p", "time_base": (1, 1000),
        "frame_rate": (25, 1),
    }  # fmt: skip
    return Picture(**{**facts, **more})


def _rendition(name: str, width: int, height: int, **more: Any) -> Rendition:
    return Rendition(name=name, width=width, height=height, output="", **{"codec": "h264", **more})


def test_decoding_begins_at_the_keyframe_by_the_files_own_clock() -> None:
    """Rounded up to the microsecond, less the margin; from the start of the file where nothing lies before."""
    assert seek_us(_picture(), SEGMENT, 0) == 2_000_000
    assert seek_us(_picture(time_base=(1, 90_000)), SEGMENT, 0) == 22_223
    assert seek_us(_picture(), SEGMENT, 1_500_000) == 500_000
    assert seek_us(_picture(file_start_us=500_000), SEGMENT, 1_500_000) is None
    assert seek_us(_picture(), SEGMENT.model_copy(update={"seek_pts": None}), 0) is None


@pytest.mark.parametrize(
    ("head", "margin_us"),
    [
        (b"\0\0\0 ftypisom", 0), (b"\0\0\0\x08wide....mdat", 0), (b"\x1a\x45\xdf\xa3....", 0), (b"FLV\x01", 1_500_000),
        (b"RIFF....AVI LIST", 1_500_000), (b"\x47" * 64, 1_500_000), (b"", 1_500_000),
    ],
)  # fmt: skip
def test_only_an_index_of_keyframes_needs_no_margin(head: bytes, margin_us: int) -> None:
    """Seeks in other formats may end behind the keyframe."""
    assert seek_margin_us(head) == margin_us


def test_a_seek_in_matroska_makes_up_for_what_ffmpeg_subtracts() -> None:
    """Of a source with reordered frames, it would decode one group of pictures more."""
    assert seek_margin_us(b"\x1a\x45\xdf\xa3....", is_reordered=True) == -130_434
    assert seek_us(_picture(), SEGMENT, -130_434) == 2_130_434


def test_one_command_makes_all_renditions_and_opens_nothing_else() -> None:
    """One thread each; the picture is chosen by its index; no other protocol, no playlist."""
    renditions = [_rendition("360p", 640, 360), _rendition("240p", 426, 240)]
    argv = argv_for("/bin/ffmpeg", "source.mp4", _picture(index=3), SEGMENT, renditions, ["a.nut", "b.nut"], 0)
    source = argv.index("-i")
    assert argv[source + 1] == "file:source.mp4"
    before = argv[:source]
    assert before[before.index("-protocol_whitelist") + 1] == "file"
    formats = before[before.index("-format_whitelist") + 1].split(",")
    assert {"mov", "matroska", "mpegts"} <= set(formats)
    assert not {"concat", "hls", "dash", "image2", "lavfi", "sdp", "rtp", "imf", "tee"} & set(formats)
    assert before[before.index("-ss") + 1] == "2000000us"
    assert "-copyts" in before
    assert "-noaccurate_seek" in before
    assert argv.count("-threads") == 3
    assert argv[argv.index("-filter_complex") + 1].startswith("[0:3]trim=start_pts=3000:end_pts=7800,")
    assert [argv[at + 1] for at, word in enumerate(argv) if word == "-f"] == ["nut", "nut", "rawvideo"]
    assert argv.count("-enc_time_base:v") == 3


def test_each_rendition_is_scaled_from_the_next_larger_one() -> None:
    """In any order; the signatures are of the frames of the segment, before they are scaled."""
    renditions = [_rendition("small", 320, 180), _rendition("large", 640, 360), _rendition("medium", 426, 240)]
    [graph] = filter_graphs(_picture(), SEGMENT, renditions)
    assert graph.split(";") == [
        "[0:0]trim=start_pts=3000:end_pts=7800,setpts=expr=PTS-(3000),split=2[all][part]",
        "[part]trim=start_pts=1000:end_pts=3000,extractplanes=y,scale=w=32:h=18:flags=area,format=pix_fmts=gray[signature]",
        "[all]scale=w=640:h=360:flags=bicubic,split=2[next0][scaled0]",
        "[scaled0]format=pix_fmts=yuv420p,setsar=sar=1/1[v1]",
        "[next0]scale=w=426:h=240:flags=bicubic,split=2[next1][scaled1]",
        "[scaled1]format=pix_fmts=yuv420p,setsar=sar=1/1[v2]",
        "[next1]scale=w=320:h=180:flags=bicubic,format=pix_fmts=yuv420p,setsar=sar=1/1[v0]",
    ]


def test_renditions_of_a_deep_source_have_graphs_of_their_own() -> None:
    """So that each encoder gets the HDR metadata, and not only the first."""
    graphs = filter_graphs(_picture(pix_fmt="yuv420p10le"), SEGMENT, [_rendition("a", 320, 180), _rendition("b", 160, 90)])
    assert [graph.rpartition("[")[2] for graph in graphs] == ["v0]", "v1]", "signature]"]
    assert all(graph.startswith("[0:0]trim=start_pts=3000:end_pts=7800,") for graph in graphs)


@pytest.mark.parametrize(
    ("change", "bounds"),
    [
        ({"tail_pts": None}, "trim=start_pts=3000,"),
        ({"tail_pts": None, "tail_frames": 0}, "trim=start_pts=3000:end_pts=6000,"),
        ({"tail_pts": None, "tail_frames": 0, "end_pts": None}, "trim=start_pts=3000,"),
        ({"lead_pts": None, "lead_frames": 0}, "trim=start_pts=4000:end_pts=7800,"),
    ],
)
def test_the_ends_of_the_file_bound_what_is_encoded(change: dict[str, Any], bounds: str) -> None:
    """A look-ahead may reach to the end of the file; there may be none at all."""
    assert bounds in filter_graphs(_picture(), SEGMENT.model_copy(update=change), [_rendition("a", 320, 180)])[0]


def test_a_source_that_is_not_divided_is_not_trimmed() -> None:
    """Its times are made ascending, and counted from before the file's start, because NUT holds no negative ones."""
    [graph] = filter_graphs(_picture(file_start_us=-500_000), WHOLE, [_rendition("a", 320, 180)])
    assert "trim" not in graph
    assert base_pts(_picture(file_start_us=-500_000), WHOLE) == -10_500
    assert "PTS-(-10500)" in graph


def test_colour_tags_are_those_of_the_plan() -> None:
    """Nothing is said that the source does not say."""
    [graph] = filter_graphs(_picture(colour_range="tv", colour_transfer="smpte2084"), WHOLE, [_rendition("a", 320, 180)])
    assert "setparams=range=tv:color_trc=smpte2084[v0]" in graph
    assert "setparams" not in filter_graphs(_picture(), WHOLE, [_rendition("a", 320, 180)])[0]


@pytest.mark.parametrize(
    ("picture", "size", "aspect"),
    [
        ({}, (426, 240), (1, 1)), ({"width": 853, "height": 479}, (852, 478), (1, 1)),
        ({"width": 720, "height": 576, "pixel_aspect": (16, 15)}, (768, 576), (1, 1)),
        ({"width": 720, "height": 576, "pixel_aspect": (16, 15)}, (720, 576), (16, 15)),
        ({"width": 720, "height": 576, "pixel_aspect": (16, 15), "rotation": 90}, (576, 720), (15, 16)),
        ({"pixel_aspect": (0, 1)}, (426, 240), (1, 1)),
    ],
)  # fmt: skip
def test_pixels_are_square_where_the_size_has_the_shape_of_the_display(
    picture: dict[str, Any], size: tuple[int, int], aspect: tuple[int, int]
) -> None:
    """Otherwise they keep that shape."""
    assert output_aspect(_picture(**picture), _rendition("a", *size)) == aspect


def test_every_encoder_gets_one_thread_its_rate_and_its_cap() -> None:
    """A cap never replaces the constant rate factor."""
    for codec, encoder in (("h264", "libx264"), ("h265", "libx265"), ("av1", "libsvtav1")):
        options = encoder_options(_rendition("a", 320, 180, codec=codec, crf=30, max_kbps=500), (30_000, 1001), SEGMENT)
        chosen = dict(zip(options[::2], options[1::2], strict=True))
        assert (chosen["-c:v"], chosen["-threads"], chosen["-crf"]) == (encoder, "1", "30")
        assert (chosen["-maxrate"], chosen["-bufsize"]) == ("500k", "1000k")
        assert "30000" in "".join(chosen.values())
        assert "-b:v" not in chosen


def _frames(segment: Segment, count: int) -> set[int]:
    """The frames for which ffmpeg's expression is not 0, by Python."""
    functions = {
        "eq": lambda a, b: a == b, "lt": lambda a, b: a < b, "choose": lambda c, a, b: a if c else b, "mod": lambda a, b: a % b,
        "no": lambda a: not a,
    }  # fmt: skip
    expression = compile(keyframe_expression(segment).replace("if(", "choose(").replace("not(", "no("), "expression", "eval")
    return {frame for frame in range(count) if eval(expression, {**functions, "n": frame})}


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(0, 299), max_size=60), st.integers(0, 25), st.integers(0, 45))
def test_keyframes_are_forced_at_the_segments_both_ends_and_where_they_are_planned(
    places: set[int], lead: int, tail: int
) -> None:
    """And nowhere else."""
    segment = SEGMENT.model_copy(
        update={"frames": 300, "lead_frames": lead, "tail_frames": tail, "keyframes": sorted({0, *places})}
    )
    wanted = {0, lead, *(lead + place for place in places), *([lead + 300] if tail else [])}
    assert encoded_keyframes(segment) == sorted(wanted)
    assert _frames(segment, lead + 300 + tail) == wanted


def test_keyframes_of_a_source_that_is_not_divided_repeat() -> None:
    """Of any number of frames."""
    assert _frames(WHOLE, 200) == {0, 48, 96, 144, 192}
