"""Defines the options of a transcoding, which all its items share."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from scenequeue.jobs.options import KindOptions

VideoCodec = Literal["h264", "h265", "av1", "copy"]
SoundCodec = Literal["copy", "aac", "opus"]
Container = Literal["mp4", "mkv", "webm", "flv"]
#: A rung is named after the frame's shorter side, in pixels.
RungName = Literal["240p", "360p", "480p", "540p", "720p", "1080p", "1440p", "2160p"]
MEDIA_TYPES: Mapping[Container, str] = {
    "mp4": "video/mp4", "mkv": "video/x-matroska", "webm": "video/webm", "flv": "video/x-flv",
}  # fmt: skip
#: Codecs to which the sound in a container is converted, the usual one first.
SOUND_IN: Mapping[Container, tuple[str, ...]] = {
    "mp4": ("aac", "opus"), "mkv": ("aac", "opus"), "webm": ("opus",), "flv": ("aac",),
}  # fmt: skip


class TranscodeOptions(KindOptions):
    """Options of a transcoding: which renditions are made, and how."""

    KEPT_AS: ClassVar = "transcode"

    #: Renditions to make; none makes one of the source's size, which is called `source`.
    renditions: Annotated[list[RungName], Field(max_length=8)] = Field(default_factory=list)
    #: copy keeps the picture's packets; renditions of another size cannot be copied.
    codec: VideoCodec = "h264"
    #: Constant rate factor; None for the default of the codec.
    crf: Annotated[int, Field(ge=0, le=63)] | None = None
    #: Cap of the bit rate, in kbit/s; the constant rate factor decides below it.
    max_kbps: Annotated[int, Field(ge=50, le=400_000)] | None = None
    #: Name of the encoder's preset: of x264 and x265, or a number of SVT-AV1; None for ours.
    preset: Annotated[str, Field(pattern=r"^[a-z0-9]{1,12}$")] | None = None
    #: copy keeps a track that the container can hold, and encodes another to the container's usual codec.
    audio: SoundCodec = "copy"
    audio_kbps: Annotated[int, Field(ge=32, le=512)] = 160
    container: Container = "mp4"
    #: Length of a segment, in seconds; it is cut at a keyframe near it where there is one.
    segment_s: Annotated[float, Field(ge=1.0, le=600.0)] = 60.0
