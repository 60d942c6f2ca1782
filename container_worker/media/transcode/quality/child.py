"""Encodes samples of a source at some constant rate factors, and measures their VMAF, inside the child process."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

from container_worker.codes import Code
from container_worker.media.child_program import used_cpu_s
from container_worker.media.child_protocol import send
from container_worker.media.defaults import PROGRESS_S
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.transcode.encode.child import RAW_FILE, encode_raw, margin_us_of
from container_worker.media.transcode.quality.argv import vmaf_argv
from container_worker.media.transcode.quality.choosing import SCALES, Point, next_crf
from container_worker.media.transcode.quality.report import MAX_ROUNDS, REPORT_FILE, QualityReport, Trial
from container_worker.media.transcode.quality.samples import most_s_of
from scenequeue.errors import ToolFailed
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.plan import Rendition, Segment

_LOG_FILE = "vmaf-{}.json"
#: Share of a sample's work that is encoding, for the progress.
_ENCODING = 0.7


@dataclass
class _Found:
    """The VMAF and bit rate of a rendition's samples at one constant rate factor."""

    frames: int = 0
    vmaf: float = 0.0
    peak_kbps: float = 0.0

    def add(self, frames: int, vmaf: float, kbps: float) -> None:
        self.vmaf = (self.vmaf * self.frames + vmaf * frames) / (self.frames + frames)
        self.frames, self.peak_kbps = self.frames + frames, max(self.peak_kbps, kbps)


@dataclass
class _Search:
    """The search for one rendition."""

    rendition: Rendition
    trials: list[Trial] = field(default_factory=list)

    def next_crf(self, target: float) -> float | None:
        points = [Point(trial.crf, trial.vmaf) for trial in self.trials]
        return next_crf(points, target, SCALES[self.rendition.codec], self.rendition.crf)


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Search the constant rate factor of each rendition; write the trials into the working folder.

    Args:
        data: {"payload": an EncodePayload, whose renditions have the factors to begin with; "samples": [a Segment]; "target":
            VMAF; "source": name of the source's file; "ffmpeg": path; "folder": the working folder}.

    Raises:
        ItemError: BadInput and the like.
    """
    payload = EncodePayload.model_validate(data["payload"])
    samples = [Segment.model_validate(each) for each in data["samples"]]
    searches = [_Search(each) for each in payload.renditions]
    bench = _Bench(payload, Path(data["folder"]), data["source"], data["ffmpeg"], len(samples))
    for number in range(MAX_ROUNDS):
        wanted = [(search, crf) for search in searches if (crf := search.next_crf(data["target"])) is not None]
        if not wanted:
            break
        # The cap would hold on short samples later than on the whole.
        tried = [search.rendition.model_copy(update={"crf": crf, "max_kbps": None}) for search, crf in wanted]
        found = [_Found() for _ in wanted]
        for at, sample in enumerate(samples):
            bench.measure(sample, tried, found, number * len(samples) + at)
        for (search, crf), each in zip(wanted, found, strict=True):
            search.trials.append(Trial(crf=crf, vmaf=each.vmaf, peak_kbps=each.peak_kbps))
    report = QualityReport(trials={each.rendition.name: each.trials for each in searches}, cpu_s=used_cpu_s())
    (bench.folder / REPORT_FILE).write_text(report.model_dump_json(), encoding="utf-8")
    return {"duration_s": 1.0, "frames": 1}


@dataclass
class _Bench:
    """Encodes and measures one sample after the other."""

    payload: EncodePayload
    folder: Path
    source: str
    ffmpeg: str
    samples: int
    _told: float = field(default_factory=monotonic)

    def measure(self, sample: Segment, renditions: Sequence[Rendition], found: Sequence[_Found], number: int) -> None:
        """Add a sample's VMAF and bit rate to what was found of each rendition.

        Args:
            sample: a span of the source.
            renditions: as they are encoded.
            found: of each.
            number: of the sample in the whole work, for the progress.
        """
        payload = self.payload.model_copy(update={"segment": sample, "renditions": list(renditions)})
        most_s = most_s_of(sample)
        total = max(1, sample.lead_frames + sample.frames + sample.tail_frames)
        encode_raw(
            payload, range(len(renditions)), self.folder, self.source, self.ffmpeg,
            lambda frames: self._tell(number + _ENCODING * min(1.0, frames / total)), most_s=most_s,
        )  # fmt: skip
        raws = [RAW_FILE.format(at) for at in range(len(renditions))]
        logs = [_LOG_FILE.format(at) for at in range(len(renditions))]
        margin_us = margin_us_of(self.folder / self.source)
        argv = vmaf_argv(self.ffmpeg, self.source, payload, raws, logs, margin_us, most_s)
        with FfmpegProcess(argv, self.folder, Code.VMAF_NOT_MEASURED) as process:
            process.finish()
        seconds = float(total / Fraction(*payload.picture.frame_rate))
        seconds = seconds if most_s is None else min(seconds, most_s)
        for raw, log, each in zip(raws, logs, found, strict=True):
            each.add(
                sample.frames,
                read_vmaf(self.folder / log, is_within=sample.first_frame > 0),
                (self.folder / raw).stat().st_size / 125 / seconds,
            )
            (self.folder / raw).unlink()
            (self.folder / log).unlink()
        self._tell(number + 1, is_due=True)

    def _tell(self, done: float, *, is_due: bool = False) -> None:
        if is_due or monotonic() - self._told >= PROGRESS_S:
            self._told = monotonic()
            send({"frame": round(done * 100), "of": MAX_ROUNDS * self.samples * 100})


def read_vmaf(log: Path, *, is_within: bool) -> float:
    """Return the mean VMAF in libvmaf's log.

    Args:
        log: libvmaf's.
        is_within: True if its first frame is not the film's first one: it was compared without its motion, and does not count.

    Raises:
        ToolFailed: there is none.
    """
    try:
        scores: dict[int, float] = {
            frame["frameNum"]: frame["metrics"]["vmaf"] for frame in json.loads(log.read_bytes())["frames"]
        }
    except (OSError, ValueError, KeyError, TypeError):
        scores = {}
    if not scores:
        raise ToolFailed(Code.RENDERER_MADE_NOTHING, file=log.name)
    kept = [vmaf for number, vmaf in scores.items() if number or not is_within or len(scores) == 1]
    return min(100.0, max(0.0, sum(kept) / len(kept)))
