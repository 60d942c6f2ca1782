"""Decodes a sound file whose format may change midway, and rewrites it in one format."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from container_worker.media.defaults import AUDIO_FORMATS, AUDIO_HZ
from container_worker.media.sound.parts import Window, parts_of

if TYPE_CHECKING:
    from av import AudioFrame

#: Tags between the parts of a concatenated MP3; they are not damage.
_TAGS = (b"ID3", b"TAG", b"APETAGEX")
_SAFELY = {"protocol_whitelist": "file", "format_whitelist": ",".join(AUDIO_FORMATS)}


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
        #: Sample rate, channels and sample format of the frames decoded so far.
        self.formats: set[tuple[int, str, str]] = set()

    @property
    def is_steady(self) -> bool:
        """True for a single file whose format never changes."""
        return len(self.formats) <= 1 and len(self._parts) == 1

    def frames(self) -> Iterator["AudioFrame"]:
        """Yield every frame that can be decoded.

        Raises:
            FFmpegError: the file cannot be opened, or not be read on.
        """
        if len(self._parts) == 1:
            yield from self._decoded(self._path)
            return
        with Path(self._path).open("rb") as file:
            for part in self._parts:
                yield from self._of_part(Window(file, part), is_first=part == self._parts[0])

    def _of_part(self, window: Window, *, is_first: bool) -> Iterator["AudioFrame"]:
        from av.error import FFmpegError

        try:
            yield from self._decoded(window)
        except MemoryError:
            raise
        except FFmpegError:
            if is_first and not self.packets:
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
                    # PyAV's is an FFmpegError too, and no fault of the packet.
                    raise
                except FFmpegError:
                    self.damaged += not bytes(packet).startswith(_TAGS)
                    continue
                for frame in frames:
                    self.formats.add((frame.sample_rate, frame.layout.name, frame.format.name))
                    yield frame


def rewrite_steady(path: str, target: Path, what: str) -> None:
    """Write the sound to a W64 file, in stereo at AUDIO_HZ, without gaps.

    ffmpeg itself rebuilds its filters where a file's format changes, and loses their state: the position, the remaining
    length, and the samples in the resampler.

    Cost: one decode, and 12 MB on disk per minute.
    """
    import av

    resampler, heard = None, None
    with av.open(str(target), "w", format="w64") as container:
        stream = container.add_stream("pcm_s16le", rate=AUDIO_HZ, layout="stereo")

        def write(pieces: "list[AudioFrame]") -> None:
            for piece in pieces:
                piece.pts = None
                container.mux(stream.encode(piece))

        for frame in SoundFile(path, what).frames():
            form = (frame.sample_rate, frame.layout.name, frame.format.name)
            if form != heard:
                if resampler is not None:
                    write(resampler.resample(None))
                resampler, heard = av.AudioResampler(format="s16", layout="stereo", rate=AUDIO_HZ), form
            assert resampler is not None
            frame.pts = None
            write(resampler.resample(frame))
        if resampler is not None:
            write(resampler.resample(None))
        container.mux(stream.encode(None))
