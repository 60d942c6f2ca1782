"""Describes the filters between one decoder and the encoders of all renditions."""

import re
from collections.abc import Sequence
from fractions import Fraction

from container_worker.media.transcode.encode.overlay import Overlay
from container_worker.media.transcode.encode.stills import chosen_frames, still_chains, still_outputs
from container_worker.media.transcode.encode.tone_mapping import DEEP_FORMAT, SDR_TAGS, tone_map_filters
from container_worker.media.transcode.signatures import HEIGHT_PX, WIDTH_PX
from container_worker.media.transcode.stills.luma import assumed_matrix
from scenequeue.jobs.transcode.plan import Rendition, Segment, Stills
from scenequeue.jobs.transcode.source import Picture, Ratio, ToneMap

#: Ends of the graph: a rendition by its position, and the signatures.
RENDITION_PAD = "v{}"
SIGNATURE_PAD = "signature"
#: Seconds before the start of the file from which the times of a source that is not divided are counted: NUT holds no negative
#: times, and a picture may begin before its file is said to.
_BEFORE_START_S = 10
_MICROSECONDS = 1_000_000
#: Largest numerator and denominator of an aspect that encoders can write.
_MAX_ASPECT = 65_535

#: Formats of which the luma can be taken as a plane, and others of luma and chroma; RGB, palettes and grey are neither.
_PLANAR_YUV = re.compile(r"yuv[aj]?4\d\dp|nv\d\d$")
_OTHER_YUV = re.compile(r"p[024]\d\d[lb]e$|yuyv|yvyu|uyvy|uyyvyy|y2\d\d|xv\d\d|vuy|ayuv|vyu|uyva|v30x")
#: Formats of more than eight bits.
_DEEP = re.compile(r"(9|1\d)[lb]e$")
#: Matrices that scale knows; it refuses frames with the tag of another, although it need not know it to scale them.
_SCALED_SPACES = frozenset({"bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"})
#: To which all else is converted.
_CONVERTED = {"range": "tv", "colorspace": "bt709"}


def base_pts(picture: Picture, segment: Segment) -> int:
    """Return the PTS that is 0 in the encoded files, in ticks of the picture."""
    if segment.start_pts is not None:
        return segment.start_pts if segment.lead_pts is None else segment.lead_pts
    numerator, denominator = picture.time_base
    return (picture.file_start_us - _BEFORE_START_S * _MICROSECONDS) * denominator // (numerator * _MICROSECONDS)


def output_aspect(picture: Picture, rendition: Rendition) -> Ratio:
    """Return width by height of a rendition's pixels.

    They are square where the rendition's size has the shape of the display, apart from the rounding to even numbers; else the
    shape of the display is kept by pixels that are not square.
    """
    width, height = picture.turned_size
    aspect = Fraction(*picture.pixel_aspect) if min(picture.pixel_aspect) > 0 else Fraction(1)
    if picture.is_turned:
        aspect = 1 / aspect
    exact = aspect * width * rendition.height / (height * rendition.width)
    # Each side may have been rounded by up to 1 pixel.
    if abs(exact - 1) <= Fraction(1, rendition.width) + Fraction(1, rendition.height):
        return 1, 1
    exact = exact.limit_denominator(_MAX_ASPECT)
    return (exact.numerator, exact.denominator) if exact.numerator <= _MAX_ASPECT else (1, 1)


def filter_graphs(
    picture: Picture,
    segment: Segment,
    renditions: Sequence[Rendition],
    tone_map: ToneMap | None = None,
    overlays: Sequence[Overlay | None] = (),
    stills: Stills | None = None,
) -> list[str]:
    """Return ffmpeg's graphs: the segment's frames in the size of each rendition, their signatures, and pictures of some.

    Each rendition is scaled from the next larger one. But of a source with more than eight bits each has a graph of its own:
    ffmpeg hands on HDR metadata with the first frame that leaves a graph, to one encoder only. A source that is converted to
    SDR has none left; it is converted in the largest size, before the signatures are taken.

    Args:
        picture: the source's stream; ffmpeg has rotated its frames before the graph.
        segment: with run-up and look-ahead.
        renditions: those that are encoded, not copied; their order decides the names of the pads.
        tone_map: of a source in HDR that becomes SDR.
        overlays: of each rendition, or none at all.
        stills: pictures of some of the largest rendition's frames.
    """
    cascade = sorted(range(len(renditions)), key=lambda at: -renditions[at].width * renditions[at].height)
    largest = renditions[cascade[0]]
    over = overlays or [None] * len(renditions)
    laid = [each.filters(picture.time_base, str(at)) if each else None for at, each in enumerate(over)]
    tails = [_tail(picture, each, tone_map, own) for each, own in zip(renditions, laid, strict=True)]
    filters = _head(picture, segment, DEEP_FORMAT if tone_map else largest.pix_fmt)
    if tone_map:
        mapped = tone_map_filters(picture, tone_map, is_converted=not _is_yuv(picture))
        filters += [_scale(largest), *mapped, f"format=pix_fmts={largest.pix_fmt}"]
    head = f"[0:{picture.index}]{','.join(filters)}"
    outputs = list(still_outputs(segment, stills, largest))
    # Where frames do not say their matrix, they are read as players read them.
    matrix = None if colour_tags(picture, tone_map)["colorspace"] else assumed_matrix(picture)
    chosen = ",".join([*_own(segment, picture), chosen_frames(outputs)]) if outputs else ""
    ends = [f"{tail}[{RENDITION_PAD.format(at)}]" for at, tail in enumerate(tails)]
    if _DEEP.search(picture.pix_fmt) and not tone_map:
        graphs = [f"{head},{_scale(each)},{end}" for each, end in zip(renditions, ends, strict=True)]
        graphs.append(f"{head},{_signature(segment, picture)}")
        if stills and outputs:
            # Few frames, so that they are chosen before they are scaled.
            entry = f"{head},{chosen},{_scale(largest)},{tails[cascade[0]]}"
            graphs.append(";".join(still_chains(entry, picture, outputs, stills, matrix)))
        return graphs
    chains = [f"{head},split=2[all][part]", f"[part]{_signature(segment, picture)}"]
    if stills and outputs:
        ends[cascade[0]] = f"{tails[cascade[0]]},split=2[{RENDITION_PAD.format(cascade[0])}][shown]"
        chains += still_chains(f"[shown]{chosen}", picture, outputs, stills, matrix)
    last = "all"
    for place, at in enumerate(cascade):
        scale = f"[{last}]{_scale(renditions[at])}"
        if place + 1 == len(cascade):
            chains.append(f"{scale},{ends[at]}")
        else:
            last = f"next{place}"
            chains += [f"{scale},split=2[{last}][scaled{place}]", f"[scaled{place}]{ends[at]}"]
    return [";".join(chains)]


def _scale(rendition: Rendition) -> str:
    return f"scale=w={rendition.width}:h={rendition.height}:flags=bicubic"


def _is_yuv(picture: Picture) -> bool:
    return bool(_PLANAR_YUV.match(picture.pix_fmt) or _OTHER_YUV.match(picture.pix_fmt))


def _head(picture: Picture, segment: Segment, pix_fmt: str) -> list[str]:
    """Take the frames from run-up to look-ahead, deinterlace them, and count their times from `base_pts`.

    Args:
        picture: the source's stream.
        segment: the frames.
        pix_fmt: of frames that do not have luma as a plane.
    """
    filters = []
    begin = segment.start_pts if segment.lead_pts is None else segment.lead_pts
    end = segment.tail_pts if segment.tail_frames else segment.end_pts
    bounds = [f"start_pts={begin}"] if begin is not None else []
    bounds += [f"end_pts={end}"] if end is not None else []
    if segment.start_pts is not None and bounds:
        filters.append(f"trim={':'.join(bounds)}")
    if picture.is_interlaced:
        # It halves the ticks, which is undone.
        filters += ["bwdif=mode=send_frame:deint=all", f"settb=expr={picture.time_base[0]}/{picture.time_base[1]}"]
    base = base_pts(picture, segment)
    shifted = f"PTS-({base})"
    filters.append(f"setpts=expr={shifted}" if segment.start_pts is not None else f"setpts=expr='{_ascending(shifted, picture)}'")
    if picture.colour_space and picture.colour_space not in _SCALED_SPACES and _is_yuv(picture):
        filters.append("setparams=colorspace=unknown")
    # Before the signatures are taken, so that these are of the luma that is encoded.
    if not _PLANAR_YUV.match(picture.pix_fmt):
        if not _is_yuv(picture):
            filters.append(f"scale=out_range={_CONVERTED['range']}:out_color_matrix={_CONVERTED['colorspace']}")
        filters.append(f"format=pix_fmts={pix_fmt}")
    return filters


def _ascending(time: str, picture: Picture) -> str:
    """Return an expression for ascending times, which the encoder needs, of a source that is not divided.

    A frame at the time of the one before it is moved on by a tick. Where the clock was set back, this and all later frames are
    moved on until they follow.
    """
    (tick, ticks), (frames, second) = picture.time_base, picture.frame_rate
    step = max(1, round(Fraction(ticks * second, tick * frames)))
    is_set_back = f"lt(PTS,PREV_INPTS-{step + step // 2})"
    # The variable 0 has the shift of this frame and of all later ones.
    shift = f"st(0,if({is_set_back},PREV_OUTPTS+{step}-({time}),ld(0)))"
    return f"if(isnan(PREV_OUTPTS),{time},max({time}+{shift},PREV_OUTPTS+1))"


def _signature(segment: Segment, picture: Picture) -> str:
    """Reduce the frames of the segment itself to their signatures, of luma samples as they are stored."""
    filters = [*_own(segment, picture), "extractplanes=y", f"scale=w={WIDTH_PX}:h={HEIGHT_PX}:flags=area", "format=pix_fmts=gray"]
    return f"{','.join(filters)}[{SIGNATURE_PAD}]"


def _own(segment: Segment, picture: Picture) -> list[str]:
    """Leave out run-up and look-ahead, once times are counted from `base_pts`."""
    if segment.start_pts is None:
        return []
    base = base_pts(picture, segment)
    bounds = [f"start_pts={segment.start_pts - base}"]
    bounds += [] if segment.end_pts is None else [f"end_pts={segment.end_pts - base}"]
    return [f"trim={':'.join(bounds)}"]


def colour_tags(picture: Picture, tone_map: ToneMap | None) -> dict[str, str | None]:
    """Return the colours of the frames that are encoded, as setparams names them; None for what the source does not say."""
    if tone_map:
        return {**SDR_TAGS}
    tags = {
        "range": picture.colour_range, "colorspace": picture.colour_space, "color_primaries": picture.colour_primaries,
        "color_trc": picture.colour_transfer,
    }  # fmt: skip
    return tags if _is_yuv(picture) else {**tags, **_CONVERTED}


def _tail(picture: Picture, rendition: Rendition, tone_map: ToneMap | None, laid: str | None) -> str:
    """Give a rendition's frames their pixel format, what is laid on them, aspect and colour tags."""
    tags = colour_tags(picture, tone_map)
    given = ":".join(f"{name}={value}" for name, value in tags.items() if value is not None)
    numerator, denominator = output_aspect(picture, rendition)
    filters = [f"format=pix_fmts={rendition.pix_fmt}", *([laid] if laid else []), f"setsar=sar={numerator}/{denominator}"]
    return ",".join([*filters, *([f"setparams={given}"] if given else [])])
