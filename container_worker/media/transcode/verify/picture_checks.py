"""Decides whether the picture of a joined file is the one that was planned and encoded: pure functions of tables."""

from fractions import Fraction
from math import gcd

from container_worker.codes import Code
from container_worker.media.transcode.packet_content import codec_of
from container_worker.media.transcode.verify.decoder_headers import Needs, is_promised
from container_worker.media.transcode.verify.outcome import failed, passed
from container_worker.media.transcode.verify.tables import Colours, Decoded, Encoded, Joined, planned_pts
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.jobs.transcode.source import Ratio
from scenequeue.jobs.transcode.verification import Check

_SDR = Colours("bt709", "bt709", "bt709", "tv", has_hdr_metadata=False)


def check_frames(plan: TranscodePlan, encoded: Encoded, joined: Joined) -> Check:
    """Check number, order and times of the frames: each is within one tick of the plan.

    Containers without negative times shift everything alike, which only `check_sync` concerns; MP4 shifts nothing.
    """
    name, rendition, found = "frames", encoded.rendition.name, joined.picture
    planned = planned_pts(plan, encoded)
    count = len(plan.frame_pts) or len(planned)
    if len(found.pts) != count or len(planned) != count:
        return failed(name, rendition, Code.FRAMES_MISCOUNTED, found=len(found.pts), encoded=len(planned), planned=count)
    own, base = found.time_base, plan.picture.time_base
    off = differences(found.pts, own, planned, base)
    if plan.container != "mp4":
        shift = off[min(range(count), key=planned.__getitem__)]
        off = [each - shift for each in off]
    wrong = [position for position, each in enumerate(off) if abs(each) > max(Fraction(*own), Fraction(*base))]
    if wrong:
        first = min(wrong, key=planned.__getitem__)
        frame = sorted(planned).index(planned[first])
        return failed(name, rendition, Code.FRAME_TIMES_OFF, frames=len(wrong), first=frame, off_ms=_ms(off[first]))
    before = None
    for position, dts in enumerate(found.dts):
        if dts is not None and ((before is not None and dts <= before) or dts > found.pts[position]):
            return failed(name, rendition, Code.DECODING_ORDER_BROKEN, packet=position)
        before = dts if dts is not None else before
    return passed(name, rendition, Code.FRAMES_AS_PLANNED, frames=count, off_ms=_ms(max(map(abs, off), default=Fraction())))


def check_packets(encoded: Encoded, joined: Joined) -> Check:
    """Check that the packets are those that the encode items reported, in this order."""
    name, rendition = "packets", encoded.rendition.name
    wanted, found = encoded.packets.digests, joined.picture.digests
    if wanted != found:
        pairs = enumerate(zip(wanted, found, strict=False))
        first = next((position for position, (one, other) in pairs if one != other), min(len(wanted), len(found)))
        differ = sum(one != other for one, other in zip(wanted, found, strict=False)) + abs(len(wanted) - len(found))
        return failed(name, rendition, Code.PACKETS_FOREIGN, packets=differ, segment=encoded.segment_at(first))
    return passed(name, rendition, Code.PACKETS_AS_ENCODED, packets=len(found), segments=len(encoded.counts))


def check_headers(encoded: Encoded, joined: Joined) -> Check:
    """Check that all segments were encoded with the headers of the joined file."""
    name, rendition = "headers", encoded.rendition.name
    other = next((number for number, headers in enumerate(encoded.headers) if headers != joined.picture.headers), None)
    if other is not None:
        return failed(name, rendition, Code.HEADERS_DIFFER, segment=other)
    return passed(name, rendition, Code.HEADERS_AS_ENCODED, segments=len(encoded.headers))


def check_picture(plan: TranscodePlan, encoded: Encoded, joined: Joined, decoded: Decoded) -> Check:
    """Check size, codec, pixel format, profile and level, and of a source in HDR that became SDR the colour tags."""
    name, planned = "picture", encoded.rendition
    codec = codec_of(plan.picture.codec if planned.codec == "copy" else planned.codec)
    found = (joined.width, joined.height, codec_of(joined.picture.codec))
    if found != (planned.width, planned.height, codec):
        return failed(
            name, planned.name, Code.PICTURE_DIFFERS, width_px=found[0], height_px=found[1], codec=found[2],
            planned_width_px=planned.width, planned_height_px=planned.height, planned_codec=codec,
        )  # fmt: skip
    # Decoders name a format of full range otherwise.
    pix_fmt = (joined.pix_fmt or "").replace("yuvj", "yuv")
    if planned.codec != "copy" and (pix_fmt != planned.pix_fmt or not is_promised(planned, joined.needs)):
        needs = joined.needs or Needs(-1, -1)
        return failed(
            name, planned.name, Code.PICTURE_FORMAT_DIFFERS,
            pix_fmt=joined.pix_fmt, profile=needs.profile, level=needs.level / 10,
            planned_pix_fmt=planned.pix_fmt, planned_profile=planned.codec_profile or "any", planned_level=planned.level or "any",
        )  # fmt: skip
    other = next(iter(decoded.colours - {_SDR}), None) if plan.tone_map else None
    if other is not None:
        return failed(
            name, planned.name, Code.COLOURS_NOT_SDR, space=other.space or "?", primaries=other.primaries or "?",
            transfer=other.transfer or "?", levels=other.levels or "?", metadata=int(other.has_hdr_metadata),
        )  # fmt: skip
    return passed(name, planned.name, Code.PICTURE_AS_PLANNED, width_px=found[0], height_px=found[1], codec=codec)


def planned_duration_s(plan: TranscodePlan, encoded: Encoded) -> Fraction:
    """Return the planned length of the picture, in seconds."""
    if plan.is_divided:
        return (plan.frame_pts[-1] - plan.frame_pts[0] + plan.last_duration) * Fraction(*plan.picture.time_base)
    return encoded.packets.length_s


def check_duration(plan: TranscodePlan, encoded: Encoded, joined: Joined) -> Check:
    """Check that the picture is as long as planned, within one frame."""
    name, rendition, planned = "duration", encoded.rendition.name, planned_duration_s(plan, encoded)
    frame_s = planned / max(1, len(encoded.packets.pts))
    last_s = plan.last_duration * Fraction(*plan.picture.time_base) if plan.is_divided else Fraction()
    # A container that counts in milliseconds rounds both ends.
    allowed = max(frame_s, last_s) + 2 * joined.picture.tick_s
    found_s, planned_s = round(float(joined.duration_s), 6), round(float(planned), 6)
    if abs(joined.duration_s - planned) > allowed:
        return failed(name, rendition, Code.DURATION_DIFFERS, duration_s=found_s, planned_s=planned_s)
    return passed(name, rendition, Code.DURATION_AS_PLANNED, duration_s=found_s)


def differences(one: list[int], base: Ratio, other: list[int], other_base: Ratio) -> list[Fraction]:
    """Return the differences of times in seconds, position by position, exactly."""
    a, b, unit = base[0] * other_base[1], other_base[0] * base[1], base[1] * other_base[1]
    common = gcd(a, b)
    a, b = a // common, b // common
    known: dict[int, Fraction] = {}
    found = []
    for left, right in zip(one, other, strict=True):
        ticks = left * a - right * b
        if ticks not in known:
            known[ticks] = Fraction(ticks * common, unit)
        found.append(known[ticks])
    return found


def _ms(seconds: Fraction) -> float:
    return round(float(seconds * 1000), 3)
