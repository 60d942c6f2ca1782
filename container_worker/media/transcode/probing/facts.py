"""Describes what the child has found in a source; the worker validates it, because the source is not trusted."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from scenequeue.jobs.options import FrozenModel
from scenequeue.jobs.transcode.source import Chapter, Picture

#: Longest tag or title that is kept, in characters, and most of them.
MAX_TEXT_CHARS = 500
MAX_TAGS = 100
MAX_CHAPTERS = 1_000
MAX_STREAMS = 200
#: Largest side of a picture, in pixels.
MAX_SIDE_PX = 16_384
#: Most spans of a file that a description names, and most cues: one a second of a day.
MAX_SPANS, MAX_CUES = 2_000, 90_000
#: Words that become arguments of ffmpeg.
_WORD = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"
_Word = Annotated[str, StringConstraints(pattern=_WORD)]
_Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS)]
_Position = Annotated[int, Field(ge=0, lt=2**62)]
Spans = Annotated[list[tuple[_Position, _Position]], Field(max_length=MAX_SPANS)]
_Index = Annotated[int, Field(ge=0, le=10_000)]


class StreamFacts(FrozenModel):
    """One stream beside the picture."""

    index: _Index
    type: Literal["video", "audio", "subtitle", "data", "attachment"]
    codec: _Word
    language: _Text | None = None
    title: _Text | None = None
    dispositions: Annotated[list[_Word], Field(max_length=20)] = Field(default_factory=list)
    #: False for a stream of another program than the picture's.
    is_of_program: bool = True
    #: False without a decoder for it.
    is_decodable: bool = True
    #: True for a sound whose format changes midway.
    is_changing: bool = False
    #: False for sound and subtitles of which the file has not a single packet.
    has_packets: bool = True
    #: Number of its texts that are not UTF-8.
    unreadable_texts: Annotated[int, Field(ge=0, lt=2**31)] = 0


class SourceFacts(FrozenModel):
    """A source as the child describes it. The packets of the picture are in a file of their own."""

    #: First name of the demuxer.
    format: _Word
    picture: Picture
    #: Duration that the picture's last packet has, in ticks; 0 if unknown.
    last_duration: Annotated[int, Field(ge=0, le=2**40)] = 0
    #: True if frames are coded in another order than they are shown in.
    is_reordered: bool = False
    #: True for packets that hold two frames each (MPEG-4 in AVI).
    is_packed: bool = False
    #: True if frames that are shown before the first keyframe can be decoded.
    has_leading_frames: bool = False
    #: True if reading ended at a damaged place.
    ends_early: bool = False
    #: Kinds of HDR metadata of the first frame.
    hdr: Annotated[list[_Word], Field(max_length=10)] = Field(default_factory=list)
    #: Brightness of the brightest pixel, and of the display on which it was graded, in cd/m²; 0 if unknown.
    content_nits: Annotated[int, Field(ge=0)] = 0
    display_nits: Annotated[int, Field(ge=0)] = 0
    streams: Annotated[list[StreamFacts], Field(max_length=MAX_STREAMS)] = Field(default_factory=list)
    chapters: Annotated[list[Chapter], Field(max_length=MAX_CHAPTERS)] = Field(default_factory=list)
    metadata: Annotated[dict[_Text, _Text], Field(max_length=MAX_TAGS)] = Field(default_factory=dict)
    #: Spans of the file that a demuxer reads before it reads packets; none where packets cannot be read by their positions.
    index: Spans = Field(default_factory=list)
    #: Places to which a demuxer goes that reads on from there: time in ticks of the picture's time base, and position. The first
    #: is the beginning. None where it goes to packets themselves.
    cues: Annotated[list[tuple[Annotated[int, Field(ge=-(2**62), lt=2**62)], _Position]], Field(max_length=MAX_CUES)] = Field(
        default_factory=list
    )
    #: Packets of the picture that were decoded for this description.
    decoded_packets: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _picture_is_plausible(self) -> Self:
        picture = self.picture
        words = (
            picture.codec, picture.pix_fmt, picture.colour_range, picture.colour_space, picture.colour_primaries,
            picture.colour_transfer,
        )  # fmt: skip
        numbers = (*picture.time_base, *picture.frame_rate, *picture.pixel_aspect)
        if (
            any(word is not None and not re.match(_WORD, word) for word in words)
            or not (1 <= picture.width <= MAX_SIDE_PX and 1 <= picture.height <= MAX_SIDE_PX)
            or not all(1 <= number < 2**31 for number in numbers)
            or picture.rotation not in {0, 90, 180, 270}
            or abs(picture.file_start_us) >= 2**62
        ):
            raise ValueError
        return self
