"""Plans the scenes of a chaos run: tiny good ones, and planted ones that can never be rendered."""

import json
import random
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from scenequeue.jobs.item import WIRE_VERSION

#: Seconds of narration, and frames a second: the shortest possible video.
LENGTH_S, FPS = 0.4, 5
FRAMES = 2
#: The cheapest possible frame.
OPTIONS: dict[str, object] = {"resolution": "360p", "orientation": "square", "fit": "cover", "motion": "none", "fps": FPS}
#: Memory limit of a worker's child: a good scene needs 450 MiB of address space, a picture of 99.8 megapixels 300 more.
ITEM_MEMORY_MIB = 640
ITEM_TIMEOUT_S = 10.0
#: Attempts of items that only faults can fail, and of poison items.
MANY_ATTEMPTS, FEW_ATTEMPTS = 60, 2


@dataclass(frozen=True)
class Kind:
    """A kind of good or bad scene."""

    name: str
    #: Name of a file, or an address.
    image: str = "picture.jpg"
    audio: str = "narration.wav"
    #: chaos/ffmpeg hangs or crashes if the title says so.
    title: str | None = None
    #: Error of its dead letter, and words of the message; "" if it must be done.
    error: str = ""
    says: str = ""
    #: True if it is retried; a fault may then end its last attempt instead.
    is_poison: bool = False
    #: Alternative error and message: a worker that notices in time that the scene is too long refuses it.
    or_else: tuple[str, str] | None = None

    def is_cause_of(self, error: str, message: str) -> bool:
        """Return True if an attempt failed because of the scene's planted mistake."""
        ways = [(self.error, self.says), *([self.or_else] if self.or_else else [])]
        return bool(self.error) and any(error == name and says in message for name, says in ways)


GOOD = Kind("good")
#: Permanent mistakes: buried at the first attempt, each with its reason.
BAD = (
    Kind("missing", image="nobody-drew-this.jpg", error="ObjectNotFound", says="image: "),
    Kind("text", image="text.jpg", error="BadInput", says="not a picture"),
    Kind("empty", audio="empty.wav", error="BadInput", says="is empty, 0 bytes"),
    Kind("cut", image="cut.png", error="BadInput", says="damaged"),
)
#: Scenes that fail in the same way at every attempt: a host name that does not resolve (RFC 6761 reserves `invalid`), an
#: encoder that hangs, a picture too large, an encoder that crashes, a scene too long.
POISON = (
    Kind(
        "nowhere", image="https://nobody.invalid/picture.jpg", error="StorageUnavailable", says="does not resolve", is_poison=True
    ),
    Kind("hangs", title="hangs", error="LimitExceeded", says="ran longer than", is_poison=True),
    Kind("large", image="large.png", error="LimitExceeded", says="more memory than it may", is_poison=True),
    Kind("crashes", title="crashes", error="ToolFailed", says="killed by signal 11", is_poison=True),
    Kind(
        "endless", audio="endless.wav", error="LimitExceeded", says="ran longer than", is_poison=True,
        or_else=("BadInput", "minutes at this rate"),
    ),
)  # fmt: skip
KINDS = {kind.name: kind for kind in (GOOD, *BAD, *POISON)}
#: Every fourth job is a poison scene, each kind in turn, so that short runs have them too.
_POISON_EVERY = 4


def make_media(folder: Path) -> None:
    """Write all media files that the kinds name, except the missing one."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, columns = np.mgrid[0:90, 0:160]
    picture = np.stack([columns, rows * 2, (rows + columns) // 2], -1).astype(np.uint8)
    Image.fromarray(picture).save(folder / "picture.jpg", quality=80)
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "cut.png")
    whole = (folder / "cut.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("I am no picture")
    (folder / "empty.wav").touch()
    Image.new("RGB", (9_990, 9_990), (40, 90, 160)).save(folder / "large.png", compress_level=9)
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
    """A job to submit: its id, and the kinds of its scenes in order."""

    job_id: str
    kinds: tuple[str, ...]
    lane: str
    max_attempts: int
    #: Version of its items' wire format.
    version: int = WIRE_VERSION

    def scene_name(self, index: int) -> str:
        return f"{self.job_id}-{index}"

    def to_json(self) -> str:
        """Serialise for chaos/submitter.py."""
        return json.dumps(self.__dict__)

    @classmethod
    def from_json(cls, text: str) -> "PlannedJob":
        """Parse what `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "kinds": tuple(fields["kinds"])})


def plan_job(number: int, draws: random.Random) -> PlannedJob:
    """Draw the job of this number: mostly good scenes, some bad ones; some jobs are large, every fourth is a poison scene."""
    lane = draws.choices(["normal", "urgent", "bulk"], [6, 1, 1])[0]
    if number % _POISON_EVERY == 1:
        return PlannedJob(f"j{number:04}", (POISON[number // _POISON_EVERY % len(POISON)].name,), lane, FEW_ATTEMPTS)
    most = draws.choices([24, 60, 150], [6, 3, 1])[0]
    kinds = tuple(draws.choice(BAD).name if draws.random() < 0.06 else GOOD.name for _ in range(draws.randint(most // 4, most)))
    return PlannedJob(f"j{number:04}", kinds, lane, MANY_ATTEMPTS)
