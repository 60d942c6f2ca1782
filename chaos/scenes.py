"""The scenes of a chaos run: tiny real ones, and planted ones that can never be made."""

import json
import random
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

#: Seconds of narration, and frames a second: as little video as a scene can be.
LENGTH_S, FPS = 0.4, 5
FRAMES = 2
#: Items that only violence fails are tried as often as it takes; poison ones are given up soon.
PATIENT, IMPATIENT = 60, 2
#: What losing a container can do to any attempt, and what may end the last attempt of a scene that would have failed anyway.
_VIOLENCE = frozenset({"ContainerLost", "LeaseExpired", "DiskFull"})


@dataclass(frozen=True)
class Kind:
    """A way in which a scene is good or bad."""

    name: str
    image: str
    audio: str
    #: Errors that may bury it; none: it must be done.
    reasons: frozenset[str] = frozenset()


GOOD = Kind("good", "picture.jpg", "narration.wav")
#: Wrong from the beginning: buried at the first attempt, each with its reason.
BAD = (
    Kind("missing", "nobody-drew-this.jpg", "narration.wav", frozenset({"ObjectNotFound"})),
    Kind("text", "text.jpg", "narration.wav", frozenset({"BadInput"})),
    Kind("empty", "picture.jpg", "empty.wav", frozenset({"BadInput"})),
    Kind("cut", "cut.png", "narration.wav", frozenset({"BadInput"})),
)
#: Eats time or memory beyond the workers' limits, at every attempt.
POISON = (
    Kind("endless", "picture.jpg", "endless.wav", frozenset({"LimitExceeded", "ToolFailed", *_VIOLENCE})),
    Kind("huge", "huge.png", "narration.wav", frozenset({"BadInput", "LimitExceeded", "ToolFailed", *_VIOLENCE})),
)
KINDS = {kind.name: kind for kind in (GOOD, *BAD, *POISON)}


def make_media(folder: Path) -> None:
    """Write all media files that the kinds name, but the missing one."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "picture.jpg", quality=60)
    Image.fromarray(noise).save(folder / "cut.png")
    whole = (folder / "cut.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("I am no picture")
    (folder / "empty.wav").touch()
    Image.new("RGB", (16_000, 16_000), (40, 90, 160)).save(folder / "huge.png", compress_level=9)
    _sine(folder / "narration.wav", LENGTH_S)
    _sine(folder / "endless.wav", 1_200.0, rate=8_000)


def _sine(path: Path, seconds: float, rate: int = 16_000) -> None:
    samples = (np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 440 / rate) * 8_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


@dataclass(frozen=True)
class PlannedJob:
    """A job to be submitted: its id, and the kinds of its scenes in order."""

    job_id: str
    kinds: tuple[str, ...]
    lane: str
    max_attempts: int

    def scene_name(self, index: int) -> str:
        return f"{self.job_id}-{index}"

    def to_json(self) -> str:
        """For the producer's program."""
        return json.dumps({"job_id": self.job_id, "kinds": self.kinds, "lane": self.lane, "max_attempts": self.max_attempts})

    @classmethod
    def from_json(cls, text: str) -> "PlannedJob":
        """The reverse."""
        fields = json.loads(text)
        return cls(fields["job_id"], tuple(fields["kinds"]), fields["lane"], fields["max_attempts"])


def plan_job(number: int, draws: random.Random) -> PlannedJob:
    """The next job: mostly good scenes with some bad ones, now and then a poisonous one."""
    lane = draws.choices(["normal", "urgent", "bulk"], [6, 1, 1])[0]
    if draws.random() < 0.12:
        return PlannedJob(f"j{number:04}", (draws.choice(POISON).name,), lane, IMPATIENT)
    kinds = tuple(draws.choice(BAD).name if draws.random() < 0.08 else GOOD.name for _ in range(draws.randint(4, 24)))
    return PlannedJob(f"j{number:04}", kinds, lane, PATIENT)
