"""Describes the filters that convert HDR to SDR; each frame alone decides its own pixels, wherever a segment begins."""

from collections.abc import Sequence

from scenequeue.jobs.transcode.source import Picture, ToneMap

#: Colour tags of what is made.
SDR_TAGS = {"range": "tv", "colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}
#: Format of a source that zscale cannot read as it is.
DEEP_FORMAT = "yuv420p10le"
#: Brightness of SDR's white, in cd/m² (BT.2035): what is darker keeps its brightness nearly.
_WHITE_NITS = 100
#: zscale's names of matrices and primaries, which are ffmpeg's; a source that says another is taken for BT.2020, also one of
#: constant luminance, which is not defined for HDR.
_MATRICES = frozenset({
    "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "ycgco", "bt2020nc", "chroma-derived-nc", "ictcp",
})  # fmt: skip
_PRIMARIES = frozenset({
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432", "ebu3213",
})  # fmt: skip
#: What describes HDR, and would describe the SDR that is made wrongly; also what encoders would write of it.
_HDR_SIDE_DATA = (
    "MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "DYNAMIC_HDR_PLUS", "DOVI_METADATA", "DOVI_RPU_BUFFER",
    "DYNAMIC_HDR_VIVID", "AMBIENT_VIEWING_ENVIRONMENT",
)  # fmt: skip


def tone_map_filters(picture: Picture, tone_map: ToneMap, *, is_converted: bool) -> Sequence[str]:
    """Return the filters from a frame in HDR to one of BT.709, whose pixel format the next filter chooses.

    Args:
        picture: the source's stream.
        tone_map: gives the peak, which ffmpeg would otherwise take from the frame's metadata.
        is_converted: True for frames that were converted from RGB to BT.709's matrix.
    """
    matrix = "bt709" if is_converted else picture.colour_space if picture.colour_space in _MATRICES else "bt2020nc"
    primaries = picture.colour_primaries if picture.colour_primaries in _PRIMARIES else "bt2020"
    levels = "tv" if is_converted else picture.colour_range or "tv"
    given = f"matrixin={matrix}:primariesin={primaries}:transferin={picture.colour_transfer}:rangein={levels}"
    return [
        f"zscale={given}:matrix=gbr:primaries=bt709:transfer=linear:range=pc:npl={_WHITE_NITS}",
        "format=pix_fmts=gbrpf32le",
        # Else its weights of red, green and blue are 1, and grey loses brightness.
        "setparams=colorspace=bt709",
        # Leaves what is darker than SDR's white nearly alone; of what is brighter, bright colours become white, not garish.
        f"tonemap=tonemap=mobius:param=0.3:desat=2:peak={tone_map.peak_nits / _WHITE_NITS:g}",
        "setparams=colorspace=gbr",
        # The ordered pattern is the same in every frame, so that it costs few bits.
        "zscale=matrixin=gbr:matrix=bt709:primaries=bt709:transfer=bt709:range=tv:dither=ordered",
        *(f"sidedata=mode=delete:type={kind}" for kind in _HDR_SIDE_DATA),
    ]
