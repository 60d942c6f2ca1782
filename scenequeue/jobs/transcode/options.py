"""Defines the options of a transcoding, which all its items share."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from scenequeue.jobs.address import InputAddress
from scenequeue.jobs.options import KindOptions, WatermarkStyle

VideoCodec = Literal["h264", "h265", "av1", "source", "copy"]
PixelFormat = Literal["yuv420p", "yuv422p", "yuv420p10le", "yuv422p10le"]
SoundCodec = Literal["copy", "aac", "opus"]
Container = Literal["mp4", "mkv", "webm", "flv"]
#: Profiles that are built in: options for a purpose.
ProfileName = Literal["web", "archive", "phone"]
#: A rung is named after the frame's shorter side, in pixels.
RungName = Literal["240p", "360p", "480p", "540p", "720p", "1080p", "1440p", "2160p"]
MEDIA_TYPES: Mapping[Container, str] = {
    "mp4": "video/mp4", "mkv": "video/x-matroska", "webm": "video/webm", "flv": "video/x-flv",
}  # fmt: skip
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
#: Codecs to which the sound in a container is converted, the usual one first.
SOUND_IN: Mapping[Container, tuple[str, ...]] = {
    "mp4": ("aac", "opus"), "mkv": ("aac", "opus"), "webm": ("opus",), "flv": ("aac",),
}  # fmt: skip


class TranscodeOptions(KindOptions):
    """Options of a transcoding: which renditions are made, and how."""

    KEPT_AS: ClassVar = "transcode"

    renditions: Annotated[
        list[RungName], Field(max_length=8, description="sizes, by the shorter side; none: the source's, called `source`")
    ] = Field(default_factory=list)
    codec: Annotated[
        VideoCodec,
        Field(description="of the picture; not given: h264, av1 in webm. source: as the source; copy: its packets as they are"),
    ] = "h264"
    crf: Annotated[int | None, Field(ge=0, le=63, description="constant rate factor; none: the codec's default")] = None
    target_vmaf: Annotated[
        float | None,
        Field(
            ge=60, le=99, allow_inf_nan=False,
            description="mean VMAF of each rendition, for which its constant rate factor is chosen; not together with crf",
        ),
    ] = None  # fmt: skip
    max_kbps: Annotated[
        int | None,
        Field(ge=50, le=400_000, description="cap of the bit rate, in kbit/s; the constant rate factor decides below it"),
    ] = None
    preset: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9]{1,12}$", description="of x264 and x265, or a number of SVT-AV1; none: chosen for the codec"),
    ] = None
    tune: Annotated[
        str | None,
        Field(pattern=r"^[a-z]{1,12}$", description="for which content or purpose the encoder is tuned; none: for neither"),
    ] = None
    codec_profile: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9-]{1,12}$", description="tools of the codec that the encoder may use; none: all usual ones"),
    ] = None
    level: Annotated[
        str | None,
        Field(
            pattern=r"^\d(\.\d)?$", description="written into the files; size and frame rate must be within it; none: the least"
        ),
    ] = None
    pix_fmt: Annotated[
        PixelFormat | None,
        Field(description="pixel format; none: 4:2:0 with the source's number of bits, as far as codec and profile have it"),
    ] = None
    audio: Annotated[
        SoundCodec, Field(description="copy keeps a track that the container can hold, and encodes another to its usual codec")
    ] = "copy"
    audio_kbps: Annotated[int, Field(ge=32, le=512, description="bit rate of a track that is encoded")] = 160
    container: Annotated[Container, Field(description="format of the files")] = "mp4"
    tone_map: Annotated[
        bool, Field(description="make SDR (BT.709, 8 bits) of a source in HDR (PQ, HLG); any other source stays as it is")
    ] = False
    poster: Annotated[bool, Field(description="also write one telling frame as a JPEG, in the size of the largest rendition")] = (
        False
    )
    sprites: Annotated[
        bool, Field(description="also write a sheet of small pictures for seeking as a JPEG, and a WebVTT file that names them")
    ] = False
    webvtt: Annotated[bool, Field(description="also write each track of subtitles that is text as a WebVTT file")] = False
    hls: Annotated[bool, Field(description="also an HLS ladder: fragmented MP4 with aligned segments, and playlists")] = False
    watermark: Annotated[
        InputAddress | None, Field(description="picture (JPEG, PNG, WebP, …) that is laid on every frame of every rendition")
    ] = None
    watermark_style: Annotated[WatermarkStyle, Field(description="its place, as in scenes")] = WatermarkStyle()
    segment_s: Annotated[
        float,
        Field(ge=1.0, le=600.0, description="length of a segment, in seconds; cut at a keyframe near it where there is one"),
    ] = 60.0
