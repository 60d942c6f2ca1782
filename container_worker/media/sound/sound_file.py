"""Decodes the first audio stream of a file, whatever its format does midway."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from container_worker.media.defaults import AUDIO_FORMATS
from container_worker.media.sound.parts import Window, parts_of

if TYPE_CHECKING:
    from av import AudioFrame

#: Tags between the parts of a concatenated MP3; they are not damage.
_TAGS = (b"ID3", b"TAG", b"APETAGEX")
_SAFELY = {"protocol_whitelist": "file", "format_whitelist": ",".join(AUDIO_FORMATS)}
#: Sample rate, channels and sample format.
Format: TypeAlias = tuple[int, str, str]


def format_of(frame: "AudioFrame") -> Format:
    """Return the format of a decoded frame."""
    return frame.sample_rate, frame.layout.name, frame.format.name


class SoundFile:
    """The first audio stream of a local file; other protocols and formats are refused, whatever the file refers to.

    Args:
        path: the file.
        what: the file's name in messages.

    Raises:
        BadInput: it was concatenated from too many files.
    """

    def __init__(self, path: str, what: str) -> None:
        self._path = path
        self._parts = parts_of(path, what)
        #: Packets read so far, and how many of them could not be decoded.
        self.packets = 0
        self.damaged = 0
        #: True once an audio stream was found, even a damaged one.
        self.has_sound = False
        #: Formats of the frames decoded so far.
        self.formats: set[Format] = set()

    @property
    def is_steady(self) -> bool:
        """True for a single file whose format never changes."""
        return len(self.formats) <= 1 and len(self._parts) == 1

    def frames(self) -> Iterator["AudioFrame"]:
        """Yield every frame that can be decoded.

        Raises:
            FFmpegError: the file cannot be opened, or not be read on. MemoryError, also PyAV's: memory is short.
        """
        if len(self._parts) == 1:
            yield from self._decoded(self._path)
            return
        with Path(self._path).open("rb") as file:
            for part in self._parts:
                yield from self._of_part(Window(file, part))

    def _of_part(self, window: Window) -> Iterator["AudioFrame"]:
        """Yield the frames of one of several files that were concatenated.

        A part that cannot be opened or read on counts as one damaged packet, and the next part follows; but a file of which
        nothing was read before is no sound file.
        """
        from av.error import FFmpegError

        try:
            yield from self._decoded(window)
        except MemoryError:
            # PyAV's is an FFmpegError too, and no fault of the file.
            raise
        except FFmpegError:
            if not self.packets:
                raise
            self.packets += 1
            self.damaged += 1

    def _decoded(self, source: str | Window) -> Iterator["AudioFrame"]:
        import av
        from av.error import FFmpegError

        opened: Any = source
        with av.open(opened, options=_SAFELY) as container:
            if not container.streams.audio:
                return
            self.has_sound = True
            stream = container.streams.audio[0]
            for packet in container.demux(stream):
                self.packets += 1
                try:
                    frames = packet.decode()
                except MemoryError:
                    raise
                except FFmpegError:
                    self.damaged += not bytes(packet).startswith(_TAGS)
                    continue
                for frame in frames:
                    self.formats.add(format_of(frame))
                    yield frame
