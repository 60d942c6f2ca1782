"""Media that are read while memory is short: the same file can be read elsewhere, so the item is not refused for good."""

import errno
import resource
import struct
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from mutagen.mp4 import MP4, MP4Cover
from PIL import Image

from container_worker.media.picture.reading import open_picture
from container_worker.media.sound import measuring, sound_file
from container_worker.media.sound.parts import Part

_MB = 1024 * 1024
#: Bytes of a cover, which a file's reader holds in memory.
_COVER = 24 * _MB


def _sound(path: Path, codec: str, samples: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, samples), np.int16), format="s16", layout="mono")
        frame.rate = 48_000
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=48_000)
        for piece in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(piece))
    return path


def _with_cover(path: Path) -> Path:
    song = MP4(_sound(path, "aac", 48_000))
    song["covr"] = [MP4Cover(bytes(_COVER))]
    song.save()
    return path


def _measure_joined(path: str) -> None:
    """As of a file whose second part begins where its first one ends: MP4s cannot be told apart by their first bytes."""
    with Path(path).open("rb") as file:
        first = file.read(_MB).index(struct.pack(">I4s", 28, b"ftyp"), 1)
    sound_file.parts_of = lambda _path, _what: [Part(0, first), Part(first, Path(path).stat().st_size)]  # type: ignore[assignment]
    measuring.measure_sound(path)


def _open_as_scene(path: str) -> None:
    from container_worker.media.film.rendered_scene import open_mp4

    with open_mp4(Path(path)):
        pass


_READERS = {
    "sound": measuring.measure_sound, "joined sound": _measure_joined, "scene": _open_as_scene,
    "picture": lambda path: open_picture(path, "image"),
}  # fmt: skip


def _files(folder: Path, case: str) -> tuple[Path, Path, int]:
    """Return a file, a small one of its kind, and how many bytes are too few for the first."""
    if case == "packet":
        # It fits; twice as much, to which it is decoded, does not.
        return _sound(folder / "a.mka", "pcm_mulaw", 8 * _MB), _sound(folder / "b.mka", "pcm_mulaw", _MB), 19 * _MB
    if case == "picture":
        for name, side in (("a", 4000), ("b", 64)):
            # One strip, which the decoder holds beside the picture.
            Image.new("L", (side, side)).save(folder / f"{name}.tif", compression="tiff_lzw", tiffinfo={278: side})
        return folder / "a.tif", folder / "b.tif", 24 * _MB
    path, small = _with_cover(folder / "a.m4a"), _sound(folder / "b.m4a", "aac", 48_000)
    if case == "joined sound":
        path.write_bytes(small.read_bytes() + path.read_bytes())
        small.write_bytes(small.read_bytes() * 2)
    return path, small, _COVER // 2


@pytest.mark.parametrize("case", ["sound", "packet", "joined sound", "scene", "picture"])
def test_a_file_for_which_memory_is_short_is_not_called_damaged(tmp_path: Path, case: str) -> None:
    """Neither when it is opened, nor when one of its packets or its second part is decoded."""
    path, small, left = _files(tmp_path, case)
    argv = [sys.executable, "-m", __name__, "sound" if case == "packet" else case, str(small), str(path), str(left)]
    assert subprocess.run(argv, capture_output=True, text=True, check=False).stdout == "MemoryError\n"


if __name__ == "__main__":
    read = _READERS[sys.argv[1]]
    # Loads everything that reading needs.
    read(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + int(sys.argv[4]), resource.RLIM_INFINITY))
    try:
        read(sys.argv[3])
    except MemoryError:
        print("MemoryError")
    except Exception as error:
        # The same to `child_program`.
        print("MemoryError" if getattr(error, "errno", 0) == errno.ENOMEM else repr(error))
