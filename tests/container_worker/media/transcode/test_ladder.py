"""The renditions that are chosen for a source."""

from typing import Any

import pytest

from container_worker.media.transcode.planning.ladder import Ladder, choose_renditions, with_codec
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.options import TranscodeOptions
from tests.container_worker.media.transcode.sources import picture


def _choose(source: dict[str, Any] | None = None, **options: Any) -> Ladder:
    return choose_renditions(TranscodeOptions(**options), picture(**source or {}), "s3://b/out", "film")


def _sizes(ladder: Ladder) -> dict[str, tuple[int, int]]:
    return {each.name: (each.width, each.height) for each in ladder.renditions}


def _codes(ladder: Ladder) -> list[str]:
    return [str(note.code) for note in ladder.notes]


def test_a_rung_is_the_shorter_side() -> None:
    """The largest first, each once, named in the file's address."""
    ladder = _choose(renditions=["360p", "1080p", "720p", "360p"])
    assert _sizes(ladder) == {"1080p": (1920, 1080), "720p": (1280, 720), "360p": (640, 360)}
    assert list(_sizes(ladder)) == ["1080p", "720p", "360p"]
    assert ladder.renditions[1].output == "s3://b/out/film-720p.mp4"
    assert ladder.notes == []


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ({"width": 1080, "height": 1920}, (360, 640)),
        ({"rotation": 90}, (360, 640)),
        ({"rotation": 180}, (640, 360)),
        ({"width": 720, "height": 576, "pixel_aspect": (64, 45)}, (640, 360)),
        ({"width": 1440, "height": 1080, "pixel_aspect": (4, 3)}, (640, 360)),
        ({"width": 1920, "height": 540, "pixel_aspect": (1, 2)}, (640, 360)),
        ({"width": 1920, "height": 804}, (860, 360)),
        ({"width": 853, "height": 479}, (642, 360)),
    ],
)
def test_a_rung_keeps_the_shape_that_is_shown(source: dict[str, Any], size: tuple[int, int]) -> None:
    """With rotation and the shape of pixels; both sides are even."""
    assert _sizes(_choose(source, renditions=["360p"])) == {"360p": size}


def test_a_rung_above_the_source_is_left_out() -> None:
    """It is named; what is shown counts, not what is coded."""
    ladder = _choose({"width": 1280, "height": 720, "rotation": 90}, renditions=["1080p", "720p"])
    assert _sizes(ladder) == {"720p": (720, 1280)}
    (note,) = ladder.notes
    assert (note.code, dict(note.parameters)) == ("rendition_above_source", {"rendition": "1080p", "source_px": 720})


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ({"width": 853, "height": 479}, (852, 478)),
        ({"width": 720, "height": 576, "pixel_aspect": (16, 15)}, (768, 576)),
        ({"width": 720, "height": 480, "pixel_aspect": (8, 9)}, (720, 540)),
        ({"width": 1, "height": 1}, (2, 2)),
    ],
)
def test_without_a_rung_the_sources_size_is_made(source: dict[str, Any], size: tuple[int, int]) -> None:
    """In square pixels, none fewer than the source has along each side, but even."""
    assert _sizes(_choose(source)) == {"source": size}
    assert _sizes(_choose(source, renditions=["2160p"])) == {"source": size}


def test_a_copied_picture_that_flv_does_not_turn_is_named() -> None:
    """As FLV holds no rotation; the other containers do, and frames that are encoded are turned."""
    (note,) = _choose({"codec": "h264", "rotation": 90}, codec="copy", container="flv").notes
    assert (note.code, dict(note.parameters)) == ("rotation_left_out", {"degrees": 90, "container": "flv"})
    assert _choose({"codec": "h264"}, codec="copy", container="flv").notes == []
    for options in ({"codec": "copy", "container": "mkv"}, {"codec": "copy"}, {"container": "flv"}):
        assert _choose({"codec": "h264", "rotation": 90}, **options).notes == []


def test_ten_bits_are_kept_where_the_codec_has_them() -> None:
    """H.264 is made with eight, and the loss is named, that of HDR by itself."""
    deep = {"pix_fmt": "yuv420p10le", "colour_transfer": "smpte2084"}
    for codec in ("h265", "av1"):
        ladder = _choose(deep, codec=codec)
        assert (ladder.renditions[0].pix_fmt, ladder.notes) == ("yuv420p10le", [])
    ladder = _choose(deep)
    assert ladder.renditions[0].pix_fmt == "yuv420p"
    assert _codes(ladder) == ["pixels_reduced", "hdr_in_eight_bits"]
    assert _codes(_choose({"pix_fmt": "yuv444p"}, codec="av1")) == ["pixels_reduced"]
    assert _codes(_choose({"pix_fmt": "yuvj420p"})) == []


@pytest.mark.parametrize(
    ("source", "options", "made", "notes"),
    [
        ("yuv420p", {"pix_fmt": "yuv420p10le"}, "yuv420p10le", []),
        ("yuv420p10le", {"codec_profile": "high10"}, "yuv420p10le", []),
        ("yuv420p", {"codec_profile": "high10"}, "yuv420p10le", []),
        ("yuv420p10le", {"codec": "h265", "codec_profile": "main"}, "yuv420p", ["pixels_reduced"]),
        ("yuv422p10le", {"codec_profile": "high422"}, "yuv422p10le", []),
        ("yuv422p", {"codec_profile": "high422"}, "yuv422p", []),
        ("yuv422p10le", {"codec": "h265", "pix_fmt": "yuv422p"}, "yuv422p", ["pixels_reduced"]),
        ("yuv422p", {"codec": "h265"}, "yuv420p", ["pixels_reduced"]),
    ],
)
def test_a_profile_decides_the_pixel_format_where_none_is_given(
    source: str, options: dict[str, Any], made: str, notes: list[str]
) -> None:
    """With as many bits as the source's, if it has such a format; what is lost is named."""
    ladder = _choose({"pix_fmt": source}, **options)
    assert ladder.renditions[0].pix_fmt == made
    assert _codes(ladder) == notes


@pytest.mark.parametrize(
    ("source", "options", "fits"),
    [
        ({"frame_rate": (30, 1)}, {"level": "4.0"}, True),
        ({"frame_rate": (31, 1)}, {"level": "4"}, False),
        ({"frame_rate": (60, 1)}, {"level": "4.2"}, True),
        ({"frame_rate": (25, 1)}, {"level": "3.1"}, False),
        ({"frame_rate": (25, 1)}, {"level": "3.1", "renditions": ["720p", "480p"]}, True),
        ({"frame_rate": (60, 1)}, {"level": "4", "codec": "h265"}, False),
        ({"frame_rate": (60, 1)}, {"level": "4.1", "codec": "h265"}, True),
        ({"frame_rate": (30, 1)}, {"level": "4.0", "codec": "av1"}, True),
        ({"width": 8000, "height": 16, "frame_rate": (1, 1)}, {"level": "4.2"}, False),
    ],
)
def test_a_level_is_refused_that_is_too_low(source: dict[str, Any], options: dict[str, Any], *, fits: bool) -> None:
    """By the limits of size and rate in the codecs' specifications; one side may not be too long either."""
    if fits:
        assert _choose(source, **options).renditions[0].level == options["level"]
        return
    with pytest.raises(BadInput) as refusal:
        _choose(source, **options)
    assert refusal.value.reason.code == "level_too_low"


def test_quality_is_the_codecs_own_unless_it_is_given() -> None:
    """The scales of the encoders differ."""
    made = {codec: _choose(codec=codec).renditions[0] for codec in ("h264", "h265", "av1")}
    assert {codec: (each.crf, each.preset) for codec, each in made.items()} == {
        "h264": (21, "veryfast"), "h265": (24, "fast"), "av1": (36, "8"),
    }  # fmt: skip
    (given,) = _choose(codec="av1", crf=50, preset="10", max_kbps=900).renditions
    assert (given.crf, given.preset, given.max_kbps) == (50, "10", 900)


@pytest.mark.parametrize(
    ("container", "codec", "made"),
    [
        ("mp4", "h264", "h264"), ("mp4", "hevc", "h265"), ("mkv", "av1", "av1"), ("mp4", "prores", None), ("flv", "hevc", None),
        ("webm", "h264", None), ("webm", "av1", "av1"),
    ],
)  # fmt: skip
def test_the_sources_codec_is_kept_where_it_can_be_made(container: Any, codec: str, made: str | None) -> None:
    """Else the container's usual one is made, which a note tells."""
    options, notes = with_codec(TranscodeOptions(codec="source", container=container), picture(codec=codec))
    assert options.codec == (made or {"webm": "av1"}.get(container, "h264"))
    assert [str(note.code) for note in notes] == ([] if made else ["codec_not_kept"])


def test_copied_video_keeps_its_size() -> None:
    """Odd ones, too."""
    ladder = _choose({"width": 853, "height": 479, "pix_fmt": "yuv444p"}, codec="copy")
    assert _sizes(ladder) == {"source": (853, 479)}
    assert ladder.notes == []


@pytest.mark.parametrize(
    ("options", "source", "text"),
    [
        ({"container": "webm"}, {}, "codec: webm cannot hold h264; it holds av1"),
        ({"crf": 52, "preset": "8"}, {}, "crf: must be 1 to 51 with codec h264, not 52; preset: codec h264 has no preset '8'"),
        ({"container": "webm", "codec": "copy"}, {}, "a file in webm cannot hold h264 video"),
        ({"codec": "copy"}, {"codec": "prores"}, "a file in mp4 cannot hold prores video"),
        ({"codec": "copy", "hls": True}, {"codec": "mpeg2video"}, "HLS has no mpeg2video video"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], source: dict[str, Any], text: str) -> None:
    """For any source, or for this one where it is copied: no attempt could succeed."""
    with pytest.raises(BadInput) as refusal:
        _choose(source, **options)
    assert text in refusal.value.reason.text


@pytest.mark.parametrize(("pix_fmt", "codes"), [("yuv420p10le", []), ("p010le", []), ("yuv422p10le", ["pixels_reduced"])])
def test_a_source_that_becomes_sdr_is_made_with_eight_bits(pix_fmt: str, codes: list[str]) -> None:
    """By every codec; that loss is what was asked for, and only a loss of colour detail is named here."""
    for codec in ("h264", "h265", "av1"):
        ladder = _choose({"pix_fmt": pix_fmt, "colour_transfer": "arib-std-b67"}, codec=codec, tone_map=True)
        assert (ladder.renditions[0].pix_fmt, _codes(ladder)) == ("yuv420p", codes)
