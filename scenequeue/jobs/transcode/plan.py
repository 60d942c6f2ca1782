"""Describes the division of a source: renditions, segments, tracks, and the time of every frame."""

from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field

from scenequeue.jobs.options import FrozenModel
from scenequeue.jobs.transcode.options import Container
from scenequeue.jobs.transcode.source import Captions, Chapter, Picture, SourceFile, Ticks, TimeBase, ToneMap, Track, Watermark
from scenequeue.jobs.transcode.spans import Span


class Rendition(FrozenModel):
    """One target format of the picture."""

    #: A rung's name, or `source`.
    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    #: After rotation; both even.
    width: int
    height: int
    codec: Literal["h264", "h265", "av1", "copy"]
    crf: float = 23
    max_kbps: int | None = None
    preset: str = "medium"
    pix_fmt: str = "yuv420p"
    #: The encoder's own names; None leaves them to it.
    tune: str | None = None
    codec_profile: str | None = None
    level: str | None = None
    #: Final address of the file.
    output: str


class Aim(FrozenModel):
    """The quality that was asked for, and how a rendition gets it."""

    rendition: str
    target_vmaf: float
    #: Constant rate factor that was chosen.
    crf: float
    #: Mean VMAF that samples of the source had with it.
    predicted_vmaf: float


class Stills(FrozenModel):
    """Pictures of single frames beside the videos; they show what the largest rendition shows."""

    #: Width and height of a picture in the sprite sheet; None without a sheet.
    sprite_px: tuple[int, int] | None = None
    #: True if there is a poster, in the size of the largest rendition.
    has_poster: bool = False
    #: Of a source in HDR whose renditions stay in HDR: pictures are SDR.
    tone_map: ToneMap | None = None


class Segment(FrozenModel):
    """A span of the source's frames: those with start_pts <= PTS < end_pts, in ticks of the picture's time base."""

    number: int
    #: Position of its first frame in presentation order, and its number of frames.
    first_frame: int
    frames: int
    #: None for a source that is not divided: all frames are taken as they come.
    start_pts: Ticks | None = None
    #: PTS of the first frame after it; None at the end.
    end_pts: Ticks | None = None
    #: PTS from which frames are encoded, to give the encoder a run-up; they are dropped before start_pts.
    lead_pts: Ticks | None = None
    #: Number of these frames.
    lead_frames: int = 0
    #: PTS up to which frames are encoded after end_pts, for the encoder's look-ahead; None at the end.
    tail_pts: Ticks | None = None
    tail_frames: int = 0
    #: PTS of the source's keyframe at which decoding begins; None begins at the start of the file.
    seek_pts: Ticks | None = None
    #: Positions within the segment at which every rendition gets a keyframe, from 0 on.
    keyframes: list[int] = Field(default_factory=lambda: [0])
    #: Positions within the segment of frames that go into the sprite sheet, and of those that may become the poster.
    sprites: list[int] = Field(default_factory=list)
    posters: list[int] = Field(default_factory=list)
    #: Spans of the file that hold what is decoded; empty for the whole file.
    ranges: list[Span] = Field(default_factory=list)


class TranscodePlan(FrozenModel):
    """Everything that was decided about a source; stored as plan.json in the job's working folder."""

    v: int = 1
    source: SourceFile
    picture: Picture
    container: Container
    #: True if a ladder is made beside the files.
    hls: bool = False
    renditions: list[Rendition]
    segments: list[Segment]
    tracks: list[Track] = Field(default_factory=list)
    #: Tracks of subtitles that become WebVTT files, whether or not they are among `tracks`.
    captions: list[Captions] = Field(default_factory=list)
    chapters: list[Chapter] = Field(default_factory=list)
    #: Tags of the whole file, such as title.
    metadata: dict[str, str] = Field(default_factory=dict)
    #: None without a conversion of HDR.
    tone_map: ToneMap | None = None
    watermark: Watermark | None = None
    #: None without pictures beside the videos.
    stills: Stills | None = None
    #: PTS of every frame in presentation order, in ticks of the picture's time base; empty for a source that is not divided.
    frame_pts: list[Ticks] = Field(default_factory=list)
    #: Duration of the last frame, in ticks.
    last_duration: Ticks = 1
    #: Ticks that are subtracted from all times, so that the files begin at 0.
    origin_pts: Ticks = 0
    #: Version of the ffmpeg that probed; every segment is encoded by the same.
    encoder: str
    #: Reasons as codes with parameters: why it is not divided, which rungs, tracks or properties are left out.
    notes: list[dict[str, Any]] = Field(default_factory=list)
    #: Of each rendition, if a VMAF was asked for; with the CPU time that it took to find the constant rate factors.
    aims: list[Aim] = Field(default_factory=list)
    aims_cpu_s: float = 0.0

    @property
    def is_divided(self) -> bool:
        """False for a source that is encoded as a whole."""
        return bool(self.frame_pts)

    def seconds_between(self, first: int, end: int) -> float:
        """Return the length of the frames from one position up to, not including, another; of a source that is divided."""
        end_pts = self.frame_pts[end] if end < len(self.frame_pts) else self.frame_pts[-1] + self.last_duration
        return float((end_pts - self.frame_pts[first]) * Fraction(*self.picture.time_base))

    def beside(self, ending: str) -> str:
        """Return the final address of a file beside the renditions: `<output>/<source name><ending>`."""
        first = self.renditions[0]
        return first.output.rpartition(".")[0].removesuffix(f"-{first.name}") + ending


class Packet(NamedTuple):
    """One packet that an item has written. A tuple, because a film has some 500,000 of them."""

    #: In ticks of the table's time base.
    pts: Ticks
    dts: Ticks | None
    duration: Ticks
    bytes: int
    #: First 16 hexadecimal digits of the SHA-256 of its content.
    digest: str
    is_key: bool = False


class PacketTable(FrozenModel):
    """The packets of one file that an item has written, in the order of the file."""

    time_base: TimeBase
    codec: str
    #: SHA-256 of the decoder's configuration (extradata); equal in all segments of a rendition.
    headers: str
    packets: list[Packet]


class SegmentReport(FrozenModel):
    """The report of an encode item, stored beside its segment's files."""

    number: int
    #: Version of the ffmpeg that has encoded.
    encoder: str
    #: Rendition's name -> its packets of this segment, without run-up and look-ahead.
    tables: dict[str, PacketTable]
    #: The source's frames in grey, 32 × 18 pixels each, in presentation order, zlib-compressed, in base64.
    #: With the watermark, where there is one.
    signatures: str = ""
    #: Shares from 0 to 255 that the watermark covers of each pixel of a signature, packed like one; empty without a watermark.
    watermark: str = ""
    #: JPEGs in base64 of the frames that the plan names, in presentation order.
    sprites: list[str] = Field(default_factory=list)
    posters: list[str] = Field(default_factory=list)
    cpu_s: float = 0.0


class TrackReport(FrozenModel):
    """The report of an audio item."""

    index: Annotated[int, Field(ge=0, lt=2**31)]
    #: Copied packets of the source, or those of the encoder.
    table: PacketTable
    #: Samples that a player skips at the start.
    skip_start: Ticks = 0
    #: Of a track that was encoded: the source's levels over time (`sound_envelope.pack`), and the time of the first, in seconds.
    envelope: str = ""
    envelope_start_s: float = 0.0
    cpu_s: float = 0.0

    def of_track(self, index: int) -> Self:
        """Return the report, once it is known that it is of this track.

        Raises:
            ValueError: it is not.
        """
        if self.index != index:
            raise ValueError(self.index)
        return self


class CaptionsReport(FrozenModel):
    """The report of a captions item."""

    #: Index of the stream -> the source's packets that became cues, in the order of the cues. A packet without a duration has
    #: the time for which its cue is shown.
    tables: dict[int, PacketTable]
    cpu_s: float = 0.0
