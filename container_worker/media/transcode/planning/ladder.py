"""Chooses the renditions of a source from the options: size, codec, quality and pixel format of each."""

from dataclasses import dataclass, field
from fractions import Fraction

from container_worker.codes import Code
from container_worker.media.transcode.packet_content import codec_of
from container_worker.media.transcode.planning.tone_mapping import HDR_TRANSFERS, is_mapped
from scenequeue.errors import BadInput, several
from scenequeue.jobs.transcode.fitting import (
    COPIED_INTO,
    COPY,
    ENCODERS,
    PICTURES_IN,
    PICTURES_IN_HLS,
    SAME,
    WITHOUT_ROTATION,
    conflicts,
)
from scenequeue.jobs.transcode.levels import fits_level
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.plan import Rendition
from scenequeue.jobs.transcode.source import Picture
from scenequeue.reasons import OPTION, Parameter, Reason

#: Name of the rendition that has the source's size.
SOURCE = "source"
#: Codec -> constant rate factor and preset. veryfast keeps most of x264's quality at a third of medium's CPU time, and is where
#: one decode for all renditions saves most; x265 is far slower at the same name, and fast is what a fleet can still afford;
#: SVT-AV1's 8 lies between both. Mean VMAF of four contents at 360p (`make bench-vmaf`, without pure grain): 93.8, 93.3 and 94.6.
DEFAULTS = {"h264": (21, "veryfast"), "h265": (24, "fast"), "av1": (36, "8")}
#: Pixel formats of which a picture gets one where neither format nor profile is given: with eight bits, and with more if
#: the codec's usual decoders have them.
_USUAL = {"h264": ("yuv420p",), "h265": ("yuv420p", "yuv420p10le"), "av1": ("yuv420p", "yuv420p10le")}
#: Names of pixel formats with eight bits and 4:2:0, and with 4:2:2.
_PLAIN = frozenset({"yuv420p", "yuvj420p", "nv12", "nv21"})
_PLAIN_422 = frozenset({"yuv422p", "yuvj422p", "nv16", "yuyv422", "uyvy422"})
_DEEP = frozenset({"yuv420p10le", "p010le"})
_DEEPER = frozenset({"yuv420p12le", "p012le"})
#: Pixel formats of sources that a made one holds without loss.
_HOLDS = {
    "yuv420p": _PLAIN, "yuv420p10le": _PLAIN | _DEEP, "yuv422p": _PLAIN | _PLAIN_422,
    "yuv422p10le": _PLAIN | _DEEP | _PLAIN_422 | {"yuv422p10le", "p210le"},
}  # fmt: skip


@dataclass(frozen=True)
class Ladder:
    """The chosen renditions, the largest first, and notes on what was left out."""

    renditions: list[Rendition]
    notes: list[Reason] = field(default_factory=list)


def choose_renditions(options: TranscodeOptions, picture: Picture, output: str, stem: str) -> Ladder:
    """Return the renditions.

    Args:
        options: of the transcoding.
        picture: the source's.
        output: URI prefix of the files, without a final slash.
        stem: first part of the files' names.

    Raises:
        BadInput: the options do not fit one another, the container cannot hold what is copied, or a rendition is above the level.
    """
    check_options(options, picture)
    width, height = display_size(picture)
    notes: list[Reason] = []
    rungs = sorted({int(name[:-1]) for name in options.renditions}, reverse=True)
    short_px = min(width, height)
    too_large = [rung for rung in rungs if rung > short_px]
    notes += [Reason(Code.RENDITION_ABOVE_SOURCE, {"rendition": f"{rung}p", "source_px": short_px}) for rung in too_large]
    sizes = [(f"{rung}p", _scaled(width, height, rung)) for rung in rungs if rung not in too_large]
    if not sizes:
        # Copied frames keep their size; those that we encode have even sides.
        size = (picture.width, picture.height) if options.codec == COPY else (_even(width), _even(height))
        sizes = [(SOURCE, size)]
    if options.codec == COPY and picture.rotation and options.container in WITHOUT_ROTATION:
        notes.append(Reason(Code.ROTATION_LEFT_OUT, {"degrees": picture.rotation, "container": options.container}))
    pix_fmt = _pixel_format(options, picture, notes)
    crf, preset = DEFAULTS.get(options.codec, (0, SOURCE))
    renditions = [
        Rendition(
            name=name, width=size[0], height=size[1], codec=options.codec,
            crf=crf if options.crf is None else options.crf, max_kbps=options.max_kbps, preset=options.preset or preset,
            pix_fmt=pix_fmt, tune=options.tune, codec_profile=options.codec_profile, level=options.level,
            output=f"{output}/{stem}-{name}.{options.container}",
        )
        for name, size in sizes
    ]  # fmt: skip
    _check_level(renditions, picture)
    return Ladder(renditions, notes)


def with_codec(options: TranscodeOptions, picture: Picture) -> tuple[TranscodeOptions, list[Reason]]:
    """Return the options with the codec that is encoded where the source's is asked for, and a note if it is another."""
    if options.codec != SAME:
        return options, []
    held = PICTURES_IN[options.container]
    same = next((codec for codec in held if codec_of(codec) == picture.codec), None)
    made = options.model_copy(update={"codec": same or held[0]})
    facts: dict[str, Parameter] = {"codec": picture.codec, "made": made.codec, "container": options.container}
    return made, [] if same else [Reason(Code.CODEC_NOT_KEPT, facts)]


def check_options(options: TranscodeOptions, picture: Picture) -> None:
    """Check that the options fit one another, and the source where it is copied.

    Raises:
        BadInput: they do not.
    """
    found = [reason.with_parameters(**{OPTION: field}) for field, reason in conflicts(options)]
    if found:
        raise BadInput(several(found))
    held = COPIED_INTO.get(options.container)
    if options.codec == COPY and held is not None and picture.codec not in held:
        raise BadInput(Code.CODEC_NOT_IN_CONTAINER, codec=picture.codec, container=options.container)
    if options.codec == COPY and options.hls and picture.codec not in PICTURES_IN_HLS:
        raise BadInput(Code.CODEC_NOT_IN_HLS, codec=picture.codec)


def _check_level(renditions: list[Rendition], picture: Picture) -> None:
    rate = round(float(Fraction(*picture.frame_rate)), 3)
    for made in renditions:
        if made.level is not None and not fits_level(made.codec, made.level, (made.width, made.height), rate):
            raise BadInput(
                Code.LEVEL_TOO_LOW, level=made.level, codec=made.codec, rendition=made.name, width_px=made.width,
                height_px=made.height, frames_per_s=rate,
            )  # fmt: skip


def display_size(picture: Picture) -> tuple[int, int]:
    """Return width and height in square pixels, after rotation; neither is smaller than what was coded."""
    aspect = Fraction(*picture.pixel_aspect)
    width, height = picture.width, picture.height
    width, height = (round(width * aspect), height) if aspect >= 1 else (width, round(height / aspect))
    return (height, width) if picture.is_turned else (width, height)


def _scaled(width: int, height: int, short_px: int) -> tuple[int, int]:
    """Return the size whose shorter side has this length, with the same proportions."""
    long_px = 2 * round(Fraction(max(width, height) * short_px, 2 * min(width, height)))
    return (short_px, long_px) if height > width else (long_px, short_px)


def _even(side_px: int) -> int:
    return max(2, side_px // 2 * 2)


def _pixel_format(options: TranscodeOptions, picture: Picture, notes: list[Reason]) -> str:
    """Return the pixel format that is encoded; notes get what the source's loses."""
    if options.codec == COPY:
        return picture.pix_fmt
    is_made_sdr = is_mapped(options, picture)
    is_deep = picture.pix_fmt not in _PLAIN and any(depth in picture.pix_fmt for depth in ("10", "12", "14", "16"))
    profile = options.codec_profile
    choices = _USUAL[options.codec] if profile is None else ENCODERS[options.codec].profiles[profile]
    deep = next((each for each in choices if "10" in each), choices[0])
    made: str = options.pix_fmt or (deep if is_deep and not is_made_sdr else choices[0])
    # That fewer bits are made of HDR, which was asked for, needs no note.
    if picture.pix_fmt not in _HOLDS[made] and not (is_made_sdr and picture.pix_fmt in _DEEP | _DEEPER):
        notes.append(Reason(Code.PIXELS_REDUCED, {"given": picture.pix_fmt, "made": made}))
    if picture.colour_transfer in HDR_TRANSFERS and "10" not in made and not is_made_sdr:
        notes.append(Reason(Code.HDR_IN_EIGHT_BITS, {"transfer": picture.colour_transfer or ""}))
    return made
