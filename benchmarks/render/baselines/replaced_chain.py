"""Renders the scene as the system that Sceneburst replaces: four encodes, written anew from its description.

MoviePy makes a still clip, OpenCV warps it (LANCZOS4) into MPEG-4 Part 2, MoviePy overlays the watermark, ffmpeg burns in the
subtitles. Zoom is linear, from 1 to `zoom`. Runs in MoviePy's own environment.

    python replaced_chain.py SCENE.json     (as moviepy_scene.py; and srt, ffmpeg; "cues" empty leaves text and mark out)
"""

import json
import subprocess
import sys
from pathlib import Path

import cv2
from moviepy import AudioFileClip, CompositeVideoClip, ImageClip, VideoFileClip


def still(scene: dict, target: str) -> None:
    clip = ImageClip(scene["picture"]).with_duration(scene["seconds"]).with_audio(AudioFileClip(scene["narration"]))
    clip.write_videofile(
        target, fps=scene["fps"], codec="libx264", audio_codec="aac", audio_bitrate="128k", audio_fps=48000, threads=2,
        logger=None, temp_audiofile=target + ".m4a",
    )  # fmt: skip


def zoomed(scene: dict, source: str, target: str) -> None:
    reader = cv2.VideoCapture(source)
    width, height = int(reader.get(cv2.CAP_PROP_FRAME_WIDTH)), int(reader.get(cv2.CAP_PROP_FRAME_HEIGHT))
    count = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
    writer = cv2.VideoWriter(target, cv2.VideoWriter.fourcc(*"mp4v"), scene["fps"], (width, height))
    for number in range(count):
        there, frame = reader.read()
        if not there:
            break
        scale = 1 + (scene["zoom"] - 1) * number / max(1, count - 1)
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0, scale)
        writer.write(cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_LANCZOS4))
    writer.release()


def marked(scene: dict, video: str, sound: str, target: str) -> None:
    clip = VideoFileClip(video)
    layers = [clip]
    if scene["cues"]:
        layers.append(ImageClip(scene["watermark"]).with_duration(clip.duration).with_position((10, 10)))
    composite = CompositeVideoClip(layers).with_audio(AudioFileClip(sound))
    composite.write_videofile(
        target, fps=scene["fps"], codec="libx264", audio_codec="aac", audio_bitrate="128k", threads=2, logger=None,
        temp_audiofile=target + ".m4a",
    )  # fmt: skip


def titled(scene: dict, source: str, target: str) -> None:
    ffmpeg = [scene["ffmpeg"], "-y", "-loglevel", "error"]
    text = "null"
    if scene["cues"]:
        styled = target + ".ass"
        subprocess.run([*ffmpeg, "-i", scene["srt"], styled], check=True)
        text = f"ass={styled}:fontsdir={Path(scene['font']).parent}"
    subprocess.run([*ffmpeg, "-i", source, "-vf", text, "-c:a", "copy", target], check=True)


def main(path: str) -> None:
    scene = json.loads(Path(path).read_text())
    stem = scene["output"]
    still(scene, f"{stem}.still.mp4")
    zoomed(scene, f"{stem}.still.mp4", f"{stem}.zoomed.mp4")
    marked(scene, f"{stem}.zoomed.mp4", f"{stem}.still.mp4", f"{stem}.marked.mp4")
    titled(scene, f"{stem}.marked.mp4", stem)


if __name__ == "__main__":
    main(sys.argv[1])
