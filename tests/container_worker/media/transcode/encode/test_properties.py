"""Properties of a picture that its renditions keep: rotation, shape of pixels, colour, HDR metadata, progressive frames."""

from pathlib import Path
from typing import Any

import av
import pytest

from container_worker.media.transcode.encode.child import SEGMENT_FILE
from scenequeue.jobs.transcode.plan import SegmentReport
from tests.container_worker.media.transcode.encode.clips import X264, Source, describe, ffmpeg, numbered, numbers_shown, rendition
from tests.container_worker.media.transcode.encode.test_child import check_all, encode

FRAMES = 60


def _middle(source: Source, tmp_path: Path, *renditions: Any) -> SegmentReport:
    """Encode a segment with run-up and look-ahead."""
    segment = source.segments([20, 40])[1]
    report = encode(source, source.payload(segment, *renditions), tmp_path / "segment")
    for at in range(len(renditions)):
        with av.open(str(tmp_path / "segment" / SEGMENT_FILE.format(at))) as container:
            assert len(list(container.decode(video=0))) == 20
    return report


def _first_frame(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


@pytest.mark.parametrize(("angle", "rotation"), [(90, 270), (180, 180), (270, 90)])
def test_a_rotation_is_applied_to_the_pixels(tmp_path: Path, angle: int, rotation: int) -> None:
    """The signatures are of the frames as they are shown."""
    plain = numbered(tmp_path / "plain.mp4", FRAMES)
    ffmpeg("-display_rotation", str(angle), "-i", plain, "-c", "copy", tmp_path / "a.mp4")
    source = describe(tmp_path / "a.mp4", rotation=rotation)
    size = (160, 96) if rotation == 180 else (96, 160)
    _middle(source, tmp_path, rendition(size=size))
    path = tmp_path / "segment" / SEGMENT_FILE.format(0)
    frame = _first_frame(path)
    assert (frame.width, frame.height, frame.rotation) == (*size, 0)
    ffmpeg("-i", path, "-vf", {90: "transpose=2", 180: "hflip,vflip", 270: "transpose=1"}[rotation], *X264, tmp_path / "back.mp4")
    assert numbers_shown(tmp_path / "back.mp4") == list(range(20, 40))


def test_colours_keep_their_tags_and_their_range(tmp_path: Path) -> None:
    """A source of full range stays one, without a shift of its levels."""
    tags = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
    for name, levels in (("tv", "tv"), ("pc", "pc")):
        folder = tmp_path / name
        folder.mkdir()
        clip = numbered(folder / "a.mp4", FRAMES, *X264, *tags, filters=f"scale=out_range={levels},setparams=range={levels}")
        colours = {"colour_space": "bt709", "colour_primaries": "bt709", "colour_transfer": "bt709", "colour_range": levels}
        source = describe(clip, **colours)
        _middle(source, folder, rendition(), rendition("later", codec="h265"), rendition("newer", codec="av1"))
        with av.open(str(clip)) as container:
            before = list(container.decode(video=0))[20].to_ndarray()[:96].mean()
        for at in range(3):
            frame = _first_frame(folder / "segment" / SEGMENT_FILE.format(at))
            assert int(frame.color_range) == {"tv": 1, "pc": 2}[levels]
            assert (int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc)) == (1, 1, 1)
            assert frame.to_ndarray()[:48].mean() == pytest.approx(before, abs=1.5)


@pytest.mark.parametrize(("matrix", "number"), [("ycgco", 8), ("bt2020c", 10), ("ictcp", 14)])
def test_a_matrix_that_ffmpeg_does_not_scale_is_kept(tmp_path: Path, matrix: str, number: int) -> None:
    """Scaling needs no matrix."""
    clip = numbered(tmp_path / "a.mp4", FRAMES, *X264, filters=f"format=yuv420p,setparams=colorspace={matrix}")
    source = describe(clip, colour_space=matrix)
    _middle(source, tmp_path, rendition(), rendition("later", (64, 48), codec="h265"))
    for at in range(2):
        assert int(_first_frame(tmp_path / "segment" / SEGMENT_FILE.format(at)).colorspace) == number


@pytest.mark.parametrize("codec", ["h265", "av1"])
def test_hdr_metadata_stay_in_every_segment(tmp_path: Path, codec: str) -> None:
    """Ten bits, PQ, mastering display and light levels: in every rendition, with a run-up and without."""
    master = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    params = f"log-level=error:keyint=25:master-display={master}:max-cll=1000,400:{colours}"
    clip = numbered(
        tmp_path / "a.mp4", FRAMES, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", params
    )
    source = describe(clip, colour_space="bt2020nc", colour_primaries="bt2020", colour_transfer="smpte2084", colour_range="tv")
    renditions = [
        rendition("a", codec=codec, pix_fmt="yuv420p10le"), rendition("b", (64, 64), codec=codec, pix_fmt="yuv420p10le"),
    ]  # fmt: skip
    for segment in source.segments([20, 40])[:2]:
        folder = tmp_path / str(segment.number)
        encode(source, source.payload(segment, *renditions), folder)
        for at in range(2):
            frame = _first_frame(folder / SEGMENT_FILE.format(at))
            tags = (int(frame.color_trc), int(frame.colorspace), int(frame.color_primaries))
            assert (frame.format.name, tags) == ("yuv420p10le", (16, 9, 9))
            assert {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"} <= {each.type.name for each in frame.side_data}


@pytest.mark.parametrize(
    ("shape", "size", "aspect"), [((4, 3), (214, 96), (1, 1)), ((4, 3), (160, 96), (4, 3)), ((1, 1), (86, 52), (1, 1))]
)
def test_the_shape_of_the_display_is_kept(
    tmp_path: Path, shape: tuple[int, int], size: tuple[int, int], aspect: tuple[int, int]
) -> None:
    """By square pixels where the size has that shape, but for the rounding to even numbers; else by the pixels' own shape."""
    clip = numbered(tmp_path / "a.mp4", FRAMES, filters=f"setsar={shape[0]}/{shape[1]}")
    source = describe(clip, pixel_aspect=shape)
    _middle(source, tmp_path, rendition(size=size))
    with av.open(str(tmp_path / "segment" / SEGMENT_FILE.format(0))) as container:
        assert container.streams.video[0].sample_aspect_ratio == pytest.approx(aspect[0] / aspect[1])


def test_interlaced_frames_become_one_progressive_frame_each(tmp_path: Path) -> None:
    """Segments of a deinterlaced source have all frames once, at their times."""
    options = ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-g", "12", "-q:v", "3")
    source = describe(numbered(tmp_path / "a.ts", 90, *options, filters="setfield=tff"), is_interlaced=True)
    check_all(source, tmp_path, [25, 57], rendition())
    frame = _first_frame(tmp_path / "segment1" / SEGMENT_FILE.format(0))
    assert not frame.interlaced_frame


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("a.mkv", ("-c:v", "ffv1", "-pix_fmt", "gbrp")), ("a.mkv", ("-c:v", "ffv1", "-pix_fmt", "gray")),
        ("a.avi", ("-c:v", "rawvideo", "-pix_fmt", "yuyv422")), ("a.mkv", ("-c:v", "png", "-pix_fmt", "pal8")),
        ("a.mkv", ("-c:v", "libx264", "-pix_fmt", "yuv444p10le", "-g", "25")),
        ("a.avi", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p")),
        ("a.nut", ("-c:v", "rawvideo", "-pix_fmt", "p010le")),
    ],
)  # fmt: skip
def test_sources_of_every_kind_of_pixels_are_encoded(tmp_path: Path, file: str, options: tuple[str, ...]) -> None:
    """RGB, palettes, grey, packed and deep formats; the signatures are of the luma that is encoded."""
    clip = numbered(tmp_path / file, FRAMES, *options, pix_fmt="")
    check_all(describe(clip), tmp_path, [20, 40], rendition("small"), rendition("large", (128, 76)))
