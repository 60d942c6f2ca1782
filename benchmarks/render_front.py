"""Encoder settings on the same frames: what each takes, how large it is, how good. The renderer's defaults are picked here."""

from typing import Any, NamedTuple

from benchmarks.render_quality import vmaf
from benchmarks.render_stage import FPS, Cost, Scene
from benchmarks.render_systems import Stage, in_pairs, with_encoder
from container_worker.render.defaults import AV1_CRF, AV1_PRESET, X264_CRF, X264_PARAMS, X264_PRESET

Row = dict[str, Any]
_LEAN = "subme=1:me=dia:ref=1:rc-lookahead=5:weightp=0:b-adapt=0"


class Setting(NamedTuple):
    """An encoder and how it is asked to work; `params` are x264's own."""

    name: str
    codec: str
    preset: str | int
    params: str
    crf: int


CHOSEN = (
    Setting("H.264, ours", "h264", X264_PRESET, X264_PARAMS, X264_CRF),
    Setting("AV1, ours", "av1", AV1_PRESET, "", AV1_CRF),
)
#: The usual presets, then one thing changed at a time, then AV1's presets.
OTHERS = (
    *(Setting(f"{preset} {crf}", "h264", preset, "scenecut=40", crf) for preset, crf in (("medium", 23), ("veryfast", 23))),
    *(Setting(f"{preset} {crf}", "h264", preset, "scenecut=40", crf) for preset, crf in (("superfast", 25), ("ultrafast", 25))),
    Setting("veryfast, stillimage 23", "h264", "veryfast", "psy-rd=2.0,0.7:deblock=-3,-3:aq-strength=1.2", 23),
    Setting("lean 21", "h264", "veryfast", _LEAN, 21),
    Setting("lean, no mbtree 21", "h264", "veryfast", f"{_LEAN}:mbtree=0", 21),
    Setting("lean, 5 B 21", "h264", "veryfast", f"{_LEAN}:bframes=5", 21),
    Setting("lean, 1 B 21", "h264", "veryfast", f"{_LEAN}:bframes=1", 21),
    Setting("lean, hex 21", "h264", "veryfast", f"{_LEAN}:me=hex", 21),
    Setting("lean, subme 0 21", "h264", "veryfast", f"{_LEAN}:subme=0", 21),
    Setting("lean, no trellis or 8x8 21", "h264", "veryfast", f"{_LEAN}:trellis=0:8x8dct=0", 21),
    Setting("lean, sliced threads 21", "h264", "veryfast", f"{_LEAN}:sliced-threads=1", 21),
    *(Setting(f"SVT {preset}, {crf}", "av1", preset, "", crf) for preset, crf in ((8, 35), (10, 35), (12, 35), (13, 35))),
)


def front(stage: Stage, scene: Scene, rounds: int, settings: tuple[Setting, ...] = CHOSEN + OTHERS) -> list[Row]:
    """A row for each setting: medians of wall and CPU seconds, MB, and VMAF against the frames that were encoded."""
    request = stage.request(scene, threads=2, plain=True)
    frames = stage.raw_frames(request)
    videos = {setting.name: stage.folder / f"front-{number}.mp4" for number, setting in enumerate(settings)}

    def encode(setting: Setting) -> Cost:
        asked = stage.request(scene, threads=2, plain=True, crf=setting.crf, codec=setting.codec)
        with with_encoder(setting.codec, setting.preset, setting.params):
            return stage.encoder_alone(asked, frames, videos[setting.name])

    costs = in_pairs(rounds, {setting.name: lambda setting=setting: encode(setting) for setting in settings})
    rows = [
        {
            "figure": f"encoder settings on the same frames, {scene.seconds:g} s",
            "system": setting.name,
            **stage.medians(costs[setting.name]),
            "mb": videos[setting.name].stat().st_size / 1e6,
            "vmaf": vmaf(stage.ffmpeg, videos[setting.name], frames, FPS),
        }
        for setting in settings
    ]
    frames.unlink()
    return rows
