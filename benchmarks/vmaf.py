"""Measures the VMAF of whole transcoded files: beside the target that was asked for, and of the codecs' default rate factors.

    python -m benchmarks.vmaf [--source FILE …] [--codec h264 …] [--target 93] [--json]

Pictures are generated, apart from --source; each is transcoded with each codec in its own size, once for the target, and once
with the codec's default. Exits 1 if a file is farther than 1 from a target that can be reached, or if the codecs' defaults
differ by more than 2 on average.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.targets import Target, report
from benchmarks.transcode.dividing import vmaf_of
from benchmarks.transcode.whole_runs import run
from scenequeue.jobs.transcode.verification import MadeRendition, TranscodeReport
from tests.support.transcoding import Transcoding

#: Largest distance of a file's VMAF from its target, and of the codecs' means with their defaults.
_DISTANCE, _SPREAD = 1.0, 2.0
_CODECS = ("h264", "h265", "av1")
_SIZE, _SECONDS = "640x360", 30
#: Not among those by which the defaults are compared: where they agree on all others, x265 smooths it, and SVT-AV1 keeps it.
_GRAIN = "grain"
#: Name -> picture.
_PICTURES = {
    "pattern": f"testsrc2=s={_SIZE}:r=25,gblur=sigma=0.6",
    "fractal": f"mandelbrot=s={_SIZE}:r=25:maxiter=300:start_scale=2.5:end_scale=0.02",
    _GRAIN: f"gradients=s={_SIZE}:r=25:speed=0.01,noise=alls=12:allf=t",
    "life": "life=s=320x180:r=12:mold=10:ratio=0.2:life_color=#00ff80:death_color=#402010,scale=640:360:flags=bilinear,fps=25",
    "scenes": f"testsrc2=s={_SIZE}:r=25,hue=h='40*floor(t/3)',gblur=sigma=0.6,noise=alls=7:allf=t:enable='lt(mod(t,9),4)'",
}


class Row(NamedTuple):
    """One transcoded file."""

    picture: str
    codec: str
    made: MadeRendition
    vmaf: float
    #: CPU time of the search, as a share of the encoding's.
    search: float


def measure(source: Path, folder: Path, options: Mapping[str, Any]) -> Row:
    """Transcode a source, and compare the whole file with it."""
    done = Transcoding(source, folder, options, wall_s=3600)
    done.run()
    told = {name: done.finished[-1][1].result.details[name] for name in TranscodeReport.model_fields}
    made = TranscodeReport.model_validate(told)
    (rendition,) = made.renditions
    vmaf = statistics.fmean(vmaf_of(done.file(rendition.name), source, folder))
    return Row(source.stem, options["codec"], rendition, vmaf, made.cpu_s.get("vmaf", 0.0) / made.cpu_s["encode"])


def _targets(aimed: list[Row], plain: list[Row]) -> list[Target]:
    found = [
        Target(
            f"{row.picture}, {row.codec}: distance from {row.made.target_vmaf:g}", abs(row.vmaf - row.made.target_vmaf), "≤", 1
        )
        for row in aimed
        # Else the target is out of reach, which a note says.
        if row.made.target_vmaf and abs((row.made.predicted_vmaf or 0) - row.made.target_vmaf) <= _DISTANCE
    ]
    means = [_mean(plain, codec) for codec in {row.codec for row in plain}]
    return [*found, Target("largest difference of the codecs' defaults, on average", max(means) - min(means), "≤", _SPREAD)]


def _mean(plain: list[Row], codec: str) -> float:
    return statistics.fmean(row.vmaf for row in plain if row.codec == codec and row.picture != _GRAIN)


def _print(row: Row) -> None:
    aim = (
        "default" if row.made.target_vmaf is None else f"target {row.made.target_vmaf:g}, predicted {row.made.predicted_vmaf:.2f}"
    )
    kbps = row.made.bitrate / 1000
    search = f", search {row.search:.1f} × the encoding's CPU time" if row.search else ""
    print(
        f"{row.picture:10} {row.codec:5} {aim:32} reached {row.vmaf:6.2f} with crf {row.made.crf:g}, {kbps:.0f} kbit/s{search}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, action="append", default=[], help="video to measure beside the generated ones")
    parser.add_argument("--codec", choices=_CODECS, action="append", help="instead of all")
    parser.add_argument("--target", type=float, default=93)
    parser.add_argument("--no-target", action="store_true", help="measure the defaults only")
    parser.add_argument("--json", action="store_true", help="print the targets as one JSON document at the end")
    chosen = parser.parse_args()
    aimed, plain = [], []
    with tempfile.TemporaryDirectory(prefix="vmaf-") as name:
        folder = Path(name)
        sources = [path.absolute() for path in chosen.source]
        for picture, graph in _PICTURES.items():
            sources.append(folder / f"{picture}.mp4")
            x264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "14", "-g", "125", "-pix_fmt", "yuv420p")
            run("-f", "lavfi", "-i", graph, "-t", str(_SECONDS), *x264, sources[-1])
        for source in sources:
            for codec in chosen.codec or _CODECS:
                place = folder / source.stem / codec
                plain.append(measure(source, place / "default", {"codec": codec}))
                _print(plain[-1])
                if not chosen.no_target:
                    aimed.append(measure(source, place / "target", {"codec": codec, "target_vmaf": chosen.target}))
                    _print(aimed[-1])
    for codec in chosen.codec or _CODECS:
        print(f"{codec}'s default: {_mean(plain, codec):.2f} on average, without {_GRAIN}")
    return report(_targets(aimed, plain), as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
