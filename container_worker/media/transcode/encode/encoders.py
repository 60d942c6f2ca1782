"""Chooses the options of the video encoders: closed groups of pictures, keyframes at given frames, one thread."""

from container_worker.media.transcode.encode.keyframes import keyframe_expression
from scenequeue.jobs.transcode.plan import Rendition, Segment
from scenequeue.jobs.transcode.source import Ratio

#: ffmpeg's encoder of each codec.
ENCODERS = {"h264": "libx264", "h265": "libx265", "av1": "libsvtav1"}
#: Preset of SVT-AV1 where a rendition names none of its own.
_AV1_PRESET = "8"
#: SVT-AV1's numbers of its tunes.
_AV1_TUNES = {"vq": 0, "psnr": 1, "ssim": 2}
#: More frames than a segment has: no keyframes but the forced ones, and a cut in the picture gives an I frame.
_NEVER = 1_000_000
#: The rate's buffer, in seconds at the cap.
_BUFFER_S = 2


def encoder_options(rendition: Rendition, frame_rate: Ratio, segment: Segment) -> list[str]:
    """Return ffmpeg's options of a rendition's encoder.

    Args:
        rendition: not one that is copied.
        frame_rate: of the source; given to the encoder, so that headers do not depend on what ffmpeg guesses from a span.
        segment: gives the keyframes.
    """
    rate = f"{frame_rate[0]}/{frame_rate[1]}"
    cap = (
        []
        if rendition.max_kbps is None
        else ["-maxrate", f"{rendition.max_kbps}k", "-bufsize", f"{_BUFFER_S * rendition.max_kbps}k"]
    )
    match rendition.codec:
        case "h264":
            # Headers that do not depend on the content, because segments share them.
            params = f"keyint=infinite:min-keyint={_NEVER}:open-gop=0:stitchable=1:fps={rate}"
            level = [] if rendition.level is None else ["-level:v", rendition.level]
            own = ["-preset", rendition.preset, *_x26_names(rendition), *level, "-forced-idr", "1", "-x264-params", params]
        case "h265":
            params = (
                f"keyint=-1:min-keyint={_NEVER}:open-gop=0:pools=none:frame-threads=1:no-wpp=1:info=0:fps={rate}:log-level=error"
            )
            params += "" if rendition.level is None else f":level-idc={rendition.level}"
            own = ["-preset", rendition.preset, *_x26_names(rendition), "-forced-idr", "1", "-x265-params", params]
        case _:
            preset = rendition.preset if rendition.preset.isdecimal() else _AV1_PRESET
            params = f"lp=1:scd=0:keyint=-1:fps-num={frame_rate[0]}:fps-denom={frame_rate[1]}"
            params += "" if rendition.tune is None else f":tune={_AV1_TUNES[rendition.tune]}"
            params += "" if rendition.level is None else f":level={round(float(rendition.level) * 10)}"
            own = ["-preset", preset, "-svtav1-params", params]
    forced = ["-force_key_frames", f"expr:{keyframe_expression(segment)}"]
    return ["-c:v", ENCODERS[rendition.codec], "-threads", "1", "-crf", f"{rendition.crf:g}", *cap, *own, *forced]


def _x26_names(rendition: Rendition) -> list[str]:
    """Return the options of tune and profile, which x264 and x265 share."""
    tune = [] if rendition.tune is None else ["-tune", rendition.tune]
    return tune if rendition.codec_profile is None else [*tune, "-profile:v", rendition.codec_profile]
