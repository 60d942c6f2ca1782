"""Renders the scene as a MoviePy 2 program: one composite, one encode. Runs in MoviePy's own environment.

python moviepy_scene.py SCENE.json      (picture, watermark, narration, cues, size, fps, zoom, seconds, font, output)
"""

import json
import sys
from pathlib import Path

from moviepy import AudioFileClip, CompositeVideoClip, ImageClip, TextClip


def main(path: str) -> None:
    scene = json.loads(Path(path).read_text())
    width, height = scene["size"]
    seconds, zoom = scene["seconds"], scene["zoom"]

    def scale(at: float) -> float:
        share = min(1.0, max(0.0, at / seconds))
        return zoom ** (share * share * (3 - 2 * share))

    picture = ImageClip(scene["picture"]).resized((width, height)).with_duration(seconds).resized(scale).with_position("center")
    layers = [picture, ImageClip(scene["watermark"]).with_duration(seconds).with_position((10, 10))]
    for start, end, text in scene["cues"]:
        line = TextClip(font=scene["font"], text=text, font_size=54, color="white", bg_color=(0, 0, 0, 128), margin=(12, 8))
        layers.append(line.with_start(start).with_end(min(end, seconds)).with_position(("center", height - 160)))
    video = CompositeVideoClip(layers, size=(width, height)).with_audio(AudioFileClip(scene["narration"]))
    video.with_duration(seconds).write_videofile(
        scene["output"], fps=scene["fps"], codec="libx264", preset="veryfast", audio_codec="aac", threads=2, logger=None,
        ffmpeg_params=["-crf", "23", "-pix_fmt", "yuv420p", "-movflags", "+faststart"], temp_audiofile=scene["output"] + ".m4a",
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
