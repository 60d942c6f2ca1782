"""Builds the command line of the ffmpeg that measures the VMAF of a sample's renditions."""

from collections.abc import Sequence

from container_worker.media.transcode.encode.argv import source_options
from container_worker.media.transcode.encode.filters import RENDITION_PAD, SIGNATURE_PAD, filter_graphs
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.plan import Rendition

#: libvmaf's model, built in: of pictures on a television of full HD.
MODEL = "vmaf_v0.6.1"
#: Every so many frames are measured. Neighbours differ little, and groups of reordered frames have another length.
_SUBSAMPLE = 3
#: Fewer frames than this are all measured.
_FEW_FRAMES = 30
#: Numbers the frames, because times of encoded files are not those of the source.
_NUMBERED = "settb=expr=1/25,setpts=expr=N"
_SCORED_PAD = "vmaf{}"


def vmaf_argv(
    ffmpeg: str,
    source: str,
    payload: EncodePayload,
    encoded: Sequence[str],
    logs: Sequence[str],
    margin_us: int,
    most_s: float | None,
) -> list[str]:
    """Return the command that compares encoded renditions with the source's frames, scaled to each from their own size.

    Args:
        ffmpeg: path of the program.
        source: name of the source in ffmpeg's working folder.
        payload: the sample, whose run-up and look-ahead are not compared, and the renditions as they were encoded.
        encoded: name of the file of each rendition.
        logs: name of the file that gets the VMAF of each.
        margin_us: of `seek_margin_us`.
        most_s: of `source_options`.
    """
    argv = [ffmpeg, *source_options(source, payload.picture, payload.segment, margin_us, most_s)]
    first = argv.count("-i")
    for name in encoded:
        argv += ["-threads", "1", "-f", "nut", "-i", f"file:{name}"]
    for at, (rendition, log) in enumerate(zip(payload.renditions, logs, strict=True)):
        argv += ["-filter_complex", f"{_reference(payload, rendition)};{_comparison(payload, rendition, first + at, log, at)}"]
    for at in range(len(encoded)):
        argv += ["-map", f"[{_SCORED_PAD.format(at)}]"]
    return [*argv, "-fps_mode:v", "passthrough", "-f", "null", "-"]


def _reference(payload: EncodePayload, rendition: Rendition) -> str:
    """Return the graph of the source's frames as they are encoded, but scaled from their own size."""
    graph = filter_graphs(payload.picture, payload.segment, [rendition], payload.tone_map)[0]
    return f"{graph};[{SIGNATURE_PAD}]nullsink" if f"[{SIGNATURE_PAD}]" in graph else graph


def _comparison(payload: EncodePayload, rendition: Rendition, encoded: int, log: str, at: int) -> str:
    sample = payload.segment
    chosen = _NUMBERED
    if sample.start_pts is not None:
        # With the frame before it, if there is one, from which the first one's motion is told.
        first, end = max(0, sample.lead_frames - 1), sample.lead_frames + sample.frames
        chosen = f"trim=start_frame={first}:end_frame={end},{_NUMBERED}"
    every = _SUBSAMPLE if sample.frames >= _FEW_FRAMES else 1
    vmaf = f"libvmaf=model=version={MODEL}:log_fmt=json:log_path={log}:n_subsample={every}"
    return (
        f"[{RENDITION_PAD.format(0)}]{chosen}[reference];[{encoded}:v]{chosen},format=pix_fmts={rendition.pix_fmt}[made];"
        f"[made][reference]{vmaf}[{_SCORED_PAD.format(at)}]"
    )
