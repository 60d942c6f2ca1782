"""Compares encoder settings on the same frames by time, size and quality, for the choice of the renderer's defaults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.render.baselines.measured import RenderHarness, in_turns, with_encoder
from benchmarks.render.harness import FPS, FRAME_PX, Cost, Scene
from benchmarks.render.quality import vmaf
from container_worker.media.defaults import AV1_CRF, AV1_PARAMS, AV1_PRESET, X264_CRF, X264_PARAMS, X264_PRESET

Row = dict[str, Any]


class Setting(NamedTuple):
    """An encoder and its settings; `params` are in the encoder's own syntax."""

    name: str
    codec: str
    preset: str | int
    params: str
    crf: int
    threads: int = 2
    #: Number of times that each frame is shown: 2 halves the frame rate of the motion.
    shown: int = 1


class Curve(NamedTuple):
    """One setting at several CRFs."""

    name: str
    codec: str
    preset: str | int
    params: str
    crfs: tuple[int, ...]

    def settings(self) -> Iterator[Setting]:
        """Yield a setting for each CRF."""
        for crf in self.crfs:
            yield Setting(f"{self.name} {crf}", self.codec, self.preset, self.params, crf)


CHOSEN = (
    Setting("H.264, ours", "h264", X264_PRESET, X264_PARAMS, X264_CRF),
    Setting("AV1, ours", "av1", AV1_PRESET, AV1_PARAMS, AV1_CRF),
)
_USUAL = "scenecut=40"
CURVES = (
    Curve("medium", "h264", "medium", _USUAL, (23, 26)),
    Curve("veryfast", "h264", "veryfast", _USUAL, (20, 23, 26)),
    Curve("superfast", "h264", "superfast", _USUAL, (23, 26, 29)),
    Curve("ultrafast", "h264", "ultrafast", _USUAL, (25, 29)),
    Curve("ours", "h264", X264_PRESET, X264_PARAMS, (19, 23, 25)),
    Curve("ours, AV1", "av1", AV1_PRESET, AV1_PARAMS, (33, 39)),
)
#: Single changes to the chosen setting, then presets of AV1.
CHANGES = (
    Setting("veryfast, stillimage 23", "h264", "veryfast", "psy-rd=2.0,0.7:deblock=-3,-3:aq-strength=1.2", 23),
    Setting("no mbtree", "h264", X264_PRESET, f"{X264_PARAMS}:mbtree=0", X264_CRF),
    Setting("all partitions", "h264", X264_PRESET, f"{X264_PARAMS}:partitions=p8x8,b8x8,i8x8,i4x4", X264_CRF),
    Setting("scene cuts", "h264", X264_PRESET, f"{X264_PARAMS}:scenecut=40", X264_CRF),
    Setting("no deblocking", "h264", X264_PRESET, f"{X264_PARAMS}:no-deblock=1", X264_CRF),
    Setting("5 B", "h264", X264_PRESET, f"{X264_PARAMS}:bframes=5", X264_CRF),
    Setting("1 B", "h264", X264_PRESET, f"{X264_PARAMS}:bframes=1", X264_CRF),
    Setting("hex", "h264", X264_PRESET, f"{X264_PARAMS}:me=hex", X264_CRF),
    Setting("subme 0", "h264", X264_PRESET, f"{X264_PARAMS}:subme=0", X264_CRF),
    Setting("subme 2", "h264", X264_PRESET, f"{X264_PARAMS}:subme=2", X264_CRF),
    Setting("lookahead 0", "h264", X264_PRESET, f"{X264_PARAMS}:rc-lookahead=0", X264_CRF),
    Setting("lookahead 10", "h264", X264_PRESET, f"{X264_PARAMS}:rc-lookahead=10", X264_CRF),
    Setting("lookahead 20", "h264", X264_PRESET, f"{X264_PARAMS}:rc-lookahead=20", X264_CRF),
    Setting("no trellis or 8x8", "h264", X264_PRESET, f"{X264_PARAMS}:trellis=0:8x8dct=0", X264_CRF),
    Setting("sliced threads", "h264", X264_PRESET, f"{X264_PARAMS}:sliced-threads=1", X264_CRF),
    Setting("1 thread", "h264", X264_PRESET, X264_PARAMS, X264_CRF, threads=1),
    Setting("motion at 15 fps", "h264", X264_PRESET, X264_PARAMS, X264_CRF, shown=2),
    *(Setting(f"SVT {preset}", "av1", preset, AV1_PARAMS, AV1_CRF) for preset in (8, 10, 12)),
    Setting("SVT, usual lookahead", "av1", AV1_PRESET, "enable-tf=0", AV1_CRF),
    Setting("SVT, temporal filter", "av1", AV1_PRESET, f"{AV1_PARAMS}:enable-tf=1", AV1_CRF),
)
SETTINGS = (*CHOSEN, *(setting for curve in CURVES for setting in curve.settings()), *CHANGES)


def compare_settings(harness: RenderHarness, scene: Scene, rounds: int, settings: tuple[Setting, ...] = SETTINGS) -> list[Row]:
    """Return a row for each setting: medians of wall and CPU seconds, MB, and VMAF against the input frames."""
    request = harness.request(scene, threads=2, plain=True)
    frames = harness.raw_frames(request)
    held = frames.with_name("held.yuv")
    _halve_rate(frames, held)
    videos = {setting.name: harness.folder / f"front-{number}.mp4" for number, setting in enumerate(settings)}

    def encode(setting: Setting) -> Cost:
        asked = harness.request(scene, threads=setting.threads, plain=True, crf=setting.crf, codec=setting.codec)
        with with_encoder(setting.codec, setting.preset, setting.params):
            return harness.encoder_alone(asked, held if setting.shown > 1 else frames, videos[setting.name])

    costs = in_turns(rounds, {setting.name: lambda setting=setting: encode(setting) for setting in settings})
    curve_of = {setting.name: curve.name for curve in CURVES for setting in curve.settings()}
    rows = [
        {
            "figure": f"encoder settings on the same frames, {scene.seconds:g} s",
            "system": setting.name,
            "curve": curve_of.get(setting.name, ""),
            **harness.medians(costs[setting.name]),
            "mb": videos[setting.name].stat().st_size / 1e6,
            "vmaf": vmaf(harness.ffmpeg, videos[setting.name], frames, FPS),
        }
        for setting in settings
    ]
    frames.unlink()
    held.unlink()
    return rows


def _halve_rate(frames: Path, target: Path) -> None:
    """Copy the frames, with every second one replaced by the one before."""
    size = FRAME_PX[0] * FRAME_PX[1] * 3 // 2
    with frames.open("rb") as source, target.open("wb") as file:
        while frame := source.read(size):
            file.write(frame)
            if source.read(size):
                file.write(frame)
