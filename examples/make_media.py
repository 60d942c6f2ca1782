"""Makes the pictures, narrations and subtitles of the example job, which are committed.

Needs espeak-ng on PATH, and the worker extra. Run it from the checkout: `python examples/make_media.py`.
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from container_worker.media.ffmpeg import find_ffmpeg

FOLDER = Path(__file__).parent / "media"
FONT = Path(__file__).parent.parent / "container_worker" / "fonts" / "NotoSansSC-Regular.ttf"

#: Scene, language, and lines of narration; each line becomes a cue.
NARRATIONS = {
    "dusk": ("en-us", ["The sun goes down behind the blue mountains,", "and the valley fills with mist."]),
    "skyline": ("en-us", ["A city never sleeps:", "every window is a story, and every story has a light."]),
    "waves": ("cmn", ["海浪一层一层地涌来，", "把沙滩上的脚印轻轻地抹去。"]),
    "lantern": ("cmn", ["夜里的灯笼照亮了回家的路，温暖的光在风里慢慢地摇。"]),
    "fractal": ("en-us", ["No subtitles here,", "only a pattern that repeats itself at every scale."]),
    "portrait": ("en-us", ["Tall pictures fit tall screens.", "This one stands upright, 竖屏也一样。"]),
    "square": ("en-us", ["A square picture is shown whole,", "over a soft copy of itself."]),
}


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def ridge(width: int, seed: int, rough: float) -> np.ndarray:
    """Return a mountain line between 0 and 1, the sum of octaves of noise."""
    x = np.arange(width)
    line = np.zeros(width)
    for octave in range(1, 9):
        points = rng(seed + octave).random(2**octave + 2)
        line += np.interp(x, np.linspace(0, width, len(points)), points) * rough**octave
    return (line - line.min()) / (line.max() - line.min())


def gradient(width: int, height: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> np.ndarray:
    share = np.linspace(0, 1, height)[:, None, None]
    return (np.array(top) * (1 - share) + np.array(bottom) * share) * np.ones((height, width, 1))


def dusk(width: int = 2000, height: int = 1250) -> Image.Image:
    """Draw mountain ranges under an evening sky."""
    picture = gradient(width, height, (38, 40, 92), (255, 170, 110))
    y = np.arange(height)[:, None]
    sun = np.exp(-(((np.arange(width) - width * 0.68) ** 2)[None, :] + (y - height * 0.52) ** 2) / (2 * 90**2))
    picture += sun[..., None] * np.array([120, 110, 60])
    for layer in range(6):
        line = height * (0.42 + 0.1 * layer) - ridge(width, 11 * layer + 3, 0.55) * height * (0.26 - 0.02 * layer)
        tone = np.array([96, 88, 132]) * (1 - layer / 6) + np.array([16, 18, 36]) * (layer / 6)
        depth = np.clip((y - line[None, :]) / (height * 0.25), 0, 1)[..., None]
        picture = np.where((y >= line[None, :])[..., None], tone + depth * (28 - 4 * layer), picture)
    return finished(picture, 1)


def skyline(width: int = 2100, height: int = 1181) -> Image.Image:
    """Draw towers with lit windows."""
    picture = Image.fromarray(np.clip(gradient(width, height, (8, 12, 38), (92, 62, 110)), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    random = rng(5)
    for row, tone in enumerate(((30, 30, 62), (20, 21, 46), (11, 12, 28))):
        x = 0
        while x < width:
            wide, tall = int(random.integers(60, 150)), int(height * (0.3 + 0.4 * random.random()) * (1 - row * 0.18))
            draw.rectangle((x, height - tall, x + wide, height), fill=tone)
            for wx in range(x + 9, x + wide - 9, 16):
                for wy in range(height - tall + 12, height, 22):
                    if random.random() < 0.42:
                        warm = int(random.integers(150, 255))
                        draw.rectangle((wx, wy, wx + 7, wy + 11), fill=(warm, int(warm * 0.82), int(warm * 0.45)))
            x += wide + int(random.integers(0, 14))
    return finished(np.asarray(picture).astype(float), 2)


def waves(width: int = 1921, height: int = 1281) -> Image.Image:
    """Draw waves; the size is odd on purpose."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    swell = sum(np.sin(2 * np.pi * (y**0.5 * k * 3 + 0.25 * np.sin(2 * np.pi * x * (k % 4 + 1)) + k)) / k for k in range(1, 12))
    foam = np.clip(swell - 0.9, 0, 1) * y
    picture = np.stack([20 + 60 * y + 25 * swell, 90 + 70 * y + 30 * swell, 130 + 60 * y + 30 * swell], axis=-1)
    return finished(picture + foam[..., None] * 170, 3)


def lantern(width: int = 1900, height: int = 1200) -> Image.Image:
    """Draw paper lanterns at night."""
    picture = gradient(width, height, (10, 8, 26), (46, 18, 30))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    random = rng(9)
    for _ in range(26):
        cx, cy, size = random.random() * width, random.random() * height * 0.8, 26 + random.random() * 64
        body = ((x - cx) / size) ** 2 + ((y - cy) / (size * 1.25)) ** 2
        ribs = 0.82 + 0.18 * np.cos((x - cx) / size * 9)
        picture += np.exp(-body * 0.5)[..., None] * np.array([70, 26, 8])
        shade = np.clip(1.15 - body * 0.55, 0, 1) * ribs
        picture = np.where((body < 1)[..., None], shade[..., None] * np.array([255, 118, 48]), picture)
    return finished(picture, 4)


def fractal(width: int = 1800, height: int = 1200) -> Image.Image:
    """Draw a Julia set."""
    x, y = np.meshgrid(np.linspace(-1.55, 1.55, width), np.linspace(-1.05, 1.05, height))
    z = x + 1j * y
    count = np.zeros(z.shape)
    alive = np.ones(z.shape, bool)
    for step in range(90):
        z[alive] = z[alive] ** 2 + complex(-0.79, 0.156)
        gone = alive & (np.abs(z) > 4)
        count[gone] = step + 1 - np.log2(np.log(np.abs(z[gone])))
        alive &= ~gone
    share = np.sqrt(np.clip(count / 90, 0, 1))
    return finished(
        np.stack([255 * share**0.8, 210 * share**1.6, 255 * (0.25 + 0.75 * np.sin(share * 3.1) ** 2) * (share > 0)], axis=-1), 5
    )


def portrait(width: int = 1200, height: int = 1800) -> Image.Image:
    """Cut an upright picture out of a skyline."""
    return skyline(2100, 1800).crop((200, 0, 200 + width, height))


def square(size: int = 1400) -> Image.Image:
    """Draw rings on water."""
    x, y = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size))
    picture = np.zeros((size, size, 3))
    for cx, cy, tone in ((-0.4, -0.3, (255, 120, 90)), (0.5, 0.1, (90, 200, 220)), (-0.1, 0.6, (240, 210, 110))):
        radius = np.hypot(x - cx, y - cy)
        picture += ((np.cos(radius * 46) * 0.5 + 0.5) * np.exp(-radius * 1.6))[..., None] * np.array(tone)
    return finished(picture + 24, 6)


def finished(values: np.ndarray, seed: int) -> Image.Image:
    """Clip the values, and add a little grain against banding."""
    grain = rng(seed).normal(0, 2.2, values.shape[:2])[..., None]
    return Image.fromarray(np.clip(values + grain, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))


def watermark() -> None:
    """Draw a transparent wordmark."""
    picture = Image.new("RGBA", (640, 160), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    for index in range(3):
        draw.polygon(
            [(20 + index * 34, 30), (78 + index * 34, 80), (20 + index * 34, 130)], fill=(255, 255, 255, 120 + index * 65)
        )
    draw.text((180, 28), "sceneburst", font=ImageFont.truetype(str(FONT), 84), fill=(255, 255, 255, 255))
    picture.save(FOLDER / "watermark.png", optimize=True)


def narrate(name: str, language: str, lines: list[str]) -> None:
    """Speak the lines with pauses between them, and write cues with their times."""
    samples: list[np.ndarray] = []
    cues: list[str] = []
    at = 0.3
    rate = 22_050
    samples.append(np.zeros(int(at * rate), np.int16))
    for number, line in enumerate(lines, 1):
        speed = "150" if language != "cmn" else "165"
        spoken = subprocess.run(
            ["espeak-ng", "-v", language, "-s", speed, "--stdout", line], capture_output=True, check=True
        ).stdout
        sound = np.frombuffer(spoken[44:], np.int16)
        seconds = len(sound) / rate
        cues.append(f"{number}\n{stamp(at)} --> {stamp(at + seconds)}\n{line}\n")
        pause = np.zeros(int(0.25 * rate), np.int16)
        samples += [sound, pause]
        at += seconds + 0.25
    with tempfile.NamedTemporaryFile(suffix=".raw") as raw:
        raw.write(np.concatenate(samples).tobytes())
        raw.flush()
        source = ["-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", raw.name]
        target = ["-ar", "44100", "-b:a", "64k", "-y", str(FOLDER / f"{name}.mp3")]
        subprocess.run([str(find_ffmpeg().path), "-v", "error", *source, *target], check=True)
    (FOLDER / f"{name}.srt").write_text("\n".join(cues), encoding="utf-8")


def stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def main() -> None:
    """Make all files."""
    FOLDER.mkdir(exist_ok=True)
    for make in (dusk, skyline, waves, lantern, fractal, portrait, square):
        picture = make()
        options: dict[str, object] = {"quality": 84}
        if make is lantern:
            # Stored rotated with an EXIF tag, as phones do.
            picture = picture.rotate(90, expand=True)
            exif = Image.Exif()
            exif[0x0112] = 6
            options["exif"] = exif
        picture.save(FOLDER / f"{make.__name__}.jpg", **options)
    watermark()
    for name, (language, lines) in NARRATIONS.items():
        narrate(name, language, lines)
    (FOLDER / "fractal.srt").unlink()


if __name__ == "__main__":
    main()
