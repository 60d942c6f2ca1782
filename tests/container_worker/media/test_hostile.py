"""Inputs that are broken, malicious or only unusual, each from end to end: one clear error, or the right picture."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFile

from container_worker.media.defaults import MAX_SOUND_S
from container_worker.media.picture.reading import flatten, open_picture
from container_worker.media.sound.measuring import measure_sound
from container_worker.media.sound.sound_file import SoundFile
from container_worker.media.subtitles import cues
from scenequeue.errors import BadInput
from tests.container_worker.media.odd_inputs import LEFT, Render, file_of
from tests.support.ffmpeg_recorder import Recorder
from tests.support.media import Media


def _huge_png(media: Media) -> Path:
    """30,000 by 30,000 black pixels in half a megabyte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    rows = [packer.compress(bytes((1 + 30_000 // 8) * 100)) for _ in range(300)]
    path = media.folder / "huge.png"
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    data = chunk(b"IDAT", b"".join(rows) + packer.flush())
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b""))
    return path


def _cut_jpeg(media: Media) -> Path:
    whole = media.image("whole.jpg").read_bytes()
    return file_of(media, "cut.jpg", whole[: len(whole) // 2])


def _ten_hours_of_wav(media: Media) -> Path:
    """Its header and a hole."""
    size = 10 * 3600 * 8000
    header = b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    path = file_of(media, "long.wav", header + b"data" + struct.pack("<I", size))
    with path.open("r+b") as file:
        file.truncate(44 + size)
    return path


def _ten_hours_of_mp3(media: Media) -> Path:
    """Seconds of silence at 8 kbit/s, one after another, without a header that says how many."""
    second = media.folder / "second.mp3"
    with av.open(str(second), "w", options={"write_xing": "0", "id3v2_version": "0"}) as container:
        stream = container.add_stream("mp3", rate=8000, layout="mono", options={"b": "8k"})
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8064), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=8000, frame_size=576)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file_of(media, "long.mp3", second.read_bytes() * 36_000)


def _many_cues(media: Media) -> Path:
    return media.srt("many.srt", [(number / 1000, number / 1000 + 1, "x") for number in range(100_000)])


def _playlist(media: Media, form: str) -> Path:
    other = media.tone("other.wav", 1.0)
    return file_of(
        media, f"list-{form}.mp3",
        {
            "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
            "concat": f"ffconcat version 1.0\nfile '{other}'\n",
            "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        }[form],
    )  # fmt: skip


def _scan_bomb(side: int) -> bytes:
    """A progressive JPEG whose last scan, of 14 bytes, stands there 20,000 times."""
    buffer = io.BytesIO()
    Image.new("L", (side, side)).save(buffer, "JPEG", progressive=True)
    honest = buffer.getvalue()
    last = honest.rfind(b"\xff\xda")
    return honest[:last] + honest[last:-2] * 20_000 + b"\xff\xd9"


def _scan_bomb_in_tiff(media: Media) -> Path:
    """A TIFF whose one strip is such a JPEG."""
    buffer = io.BytesIO()
    Image.new("L", (1000, 1000)).save(buffer, "TIFF", compression="jpeg", tiffinfo={278: 1000})
    honest, bomb = bytearray(buffer.getvalue()), _scan_bomb(1000)
    first = struct.unpack_from("<I", honest, 4)[0]
    for entry in range(first + 2, first + 2 + 12 * struct.unpack_from("<H", honest, first)[0], 12):
        tag = struct.unpack_from("<H", honest, entry)[0]
        if tag in (273, 279):
            struct.pack_into("<HII", honest, entry + 2, 4, 1, len(honest) if tag == 273 else len(bomb))
    return file_of(media, "scans.tif", bytes(honest) + bomb)


def _packed_png(media: Media, kind: bytes, before: bytes) -> Path:
    """A PNG of 64 by 64 pixels with 400 MB of nothing in one chunk, packed."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "PNG")
    packer = zlib.compressobj(1)
    data = before + b"".join(packer.compress(bytes(1_000_000)) for _ in range(400)) + packer.flush()
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return file_of(media, "packed.png", buffer.getvalue()[:33] + chunk + buffer.getvalue()[33:])


def _claims(media: Media, form: str, **header: tuple[bytes, bytes]) -> Path:
    """A small picture with some bytes of its header replaced."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, form, lossless=True)
    old, new = header["size"]
    assert buffer.getvalue().count(old) == 1
    return file_of(media, f"claims.{form.lower()}", buffer.getvalue().replace(old, new))


def _many_exif_blocks(media: Media) -> Path:
    """Each is joined to all before it when the file is opened."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "JPEG")
    block = b"\xff\xe1" + struct.pack(">H", 65_000) + b"Exif\0\0" + bytes(64_992)
    return file_of(media, "exif.jpg", buffer.getvalue()[:2] + block * 2_000 + buffer.getvalue()[2:])


_TEXT = b"I am only text\n" * 50
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><image href="file:///etc/passwd"/></svg>'
BAD: dict[str, tuple[str, Callable[[Media], Path], str]] = {
    "30,000x30,000 PNG": ("image", _huge_png, "image has more than the 100 megapixels allowed"),
    "JPEG of 20,000 scans": (
        "image",
        lambda media: file_of(media, "scans.jpg", _scan_bomb(1000)),
        "image is a JPEG with too many scans: .* and 2500 are",
    ),
    "TIFF with a JPEG of 20,000 scans": ("image", _scan_bomb_in_tiff, "image is a JPEG with too many scans: .* and 2500 are"),
    "watermark of 20,000 scans": (
        "watermark", lambda media: file_of(media, "scans.jpg", _scan_bomb(1000)), "watermark is a JPEG with too many scans"
    ),
    "JPEG that claims 65,535x65,535": (
        "image",
        lambda media: _claims(media, "JPEG", size=(b"\x08\x00\x40\x00\x40\x03", b"\x08\xff\xff\xff\xff\x03")),
        "image has more than the 100 megapixels allowed",
    ),
    "BMP that claims 2,147,483,647x2,147,483,647": (
        "image",
        lambda media: _claims(media, "BMP", size=(struct.pack("<ii", 64, 64), struct.pack("<ii", 2**31 - 1, 2**31 - 1))),
        "image has more than the 100 megapixels allowed",
    ),
    "WebP that claims 9,000x9,000": (
        "image",
        lambda media: _claims(
            media, "WEBP", size=(b"\x2f" + struct.pack("<I", 63 | 63 << 14), b"\x2f" + struct.pack("<I", 8999 | 8999 << 14))
        ),
        "image is 9000x9000 pixels, more than the 64 megapixels allowed",
    ),
    "PNG with packed text": ("image", lambda media: _packed_png(media, b"zTXt", b"a\0\0"), "image is damaged"),
    "PNG with packed international text": (
        "image", lambda media: _packed_png(media, b"iTXt", b"a\0\1\0\0\0"), "image is damaged"
    ),
    "PNG with a packed colour profile": ("image", lambda media: _packed_png(media, b"iCCP", b"a\0\0"), "image is damaged"),
    "truncated JPEG": ("image", _cut_jpeg, "image is damaged"),
    "SVG": ("image", lambda media: file_of(media, "a.svg", _SVG), "image is not a picture in a format that is read"),
    "10 hours of WAV": ("audio", _ten_hours_of_wav, "narration lasts longer than the 3 hours"),
    "10 hours of MP3": ("audio", _ten_hours_of_mp3, "narration lasts longer than the 3 hours"),
    "100,000 cues": ("subtitles", _many_cues, "subtitles has 100000 cues, more than the 20000 allowed"),
    "playlist": ("audio", lambda media: _playlist(media, "m3u8"), "narration is not a sound file"),
    "concat file": ("audio", lambda media: _playlist(media, "concat"), "narration is not a sound file"),
    "session description": ("audio", lambda media: _playlist(media, "sdp"), "narration is not a sound file"),
    "playlist as music": ("music", lambda media: _playlist(media, "concat"), "music is not a sound file"),
    **{
        f"{kind} as {role}": (role, lambda media, name=f"{kind}.{ending}", content=content: file_of(media, name, content), words)  # type: ignore[misc]
        for kind, content in (("nothing", b""), ("text", _TEXT))
        for role, ending, words in (
            ("image", "jpg", "image is not a picture"), ("audio", "mp3", "narration is not a sound file"),
            ("subtitles", "srt", "subtitles is not an SRT, WebVTT"), ("watermark", "png", "watermark is not a picture"),
            ("music", "mp3", "music is not a sound file"),
        )
        if (kind, role) != ("nothing", "subtitles")  # a silent scene has such
    },
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_rendered_is_one_clear_permanent_error(
    render: Render, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """In one line that names the input, before any ffmpeg is started."""
    recorder = Recorder(tmp_path, monkeypatch)
    role, make, words = BAD[case]
    with pytest.raises(BadInput, match=f"^{words}") as caught:
        render(**{role: make(media)})
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 200
    assert recorder.calls() == []


_NOT_DECODED = [case for case, (role, _, words) in BAD.items() if role == "image" and ("megapixels" in words or "scans" in words)]


@pytest.mark.parametrize("case", _NOT_DECODED)
def test_no_pixel_of_a_picture_that_is_too_large_is_decoded(media: Media, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """Its header is enough, or the number of its scans."""
    decodes = 0

    def count(_picture: ImageFile.ImageFile) -> None:
        nonlocal decodes
        decodes += 1

    _, make, words = BAD[case]
    path = make(media)
    monkeypatch.setattr(ImageFile.ImageFile, "load", count)
    with pytest.raises(BadInput, match=f"^{words}"):
        open_picture(str(path), "image", smallest=(640, 360))
    assert decodes == 0


@pytest.mark.parametrize("make", [_ten_hours_of_wav, _ten_hours_of_mp3])
def test_of_a_narration_that_is_too_long_no_more_is_decoded_than_is_allowed(
    media: Media, monkeypatch: pytest.MonkeyPatch, make: Callable[[Media], Path]
) -> None:
    """Three hours of ten, and the frame that shows that there are more."""
    decoded_s, longest_s = 0.0, 0.0
    inner = SoundFile.frames

    def count(sound: SoundFile) -> Iterator[av.AudioFrame]:
        nonlocal decoded_s, longest_s
        for frame in inner(sound):
            decoded_s += frame.samples / frame.sample_rate
            longest_s = max(longest_s, frame.samples / frame.sample_rate)
            yield frame

    monkeypatch.setattr(SoundFile, "frames", count)
    with pytest.raises(BadInput, match="narration lasts longer than the 3 hours"):
        measure_sound(str(make(media)))
    assert MAX_SOUND_S < decoded_s <= MAX_SOUND_S + longest_s + 0.001
    assert longest_s < 10


def test_too_many_cues_are_refused_before_any_is_cleaned(media: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their number is enough."""
    cleaned: list[str] = []
    monkeypatch.setattr(cues, "plain", cleaned.append)
    with pytest.raises(BadInput, match="100000 cues"):
        cues.read_cues(str(_many_cues(media)), "subtitles")
    assert cleaned == []


def test_a_picture_that_takes_for_ever_to_be_read_is_a_permanent_error(render: Render, media: Media) -> None:
    """By the CPU time that preparing takes, whatever it is spent on."""
    with pytest.raises(BadInput, match=r"reading the inputs takes more than .* of CPU time"):
        render(image=_many_exif_blocks(media), cpu_s=3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "I;16"])
def test_a_large_picture_is_brought_near_its_frame_before_it_is_copied(media: Media, mode: str) -> None:
    """But not below it; its turn is kept, and so are its colours."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture = Image.new("L" if mode in ("L", "I;16") else "RGB", (8000, 4100), 200 if mode in ("L", "I;16") else LEFT)
    picture = picture.convert(mode) if mode != "I;16" else Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
    path = media.folder / "large.png"
    picture.save(path, exif=exif, compress_level=1)
    opened = flatten(open_picture(str(path), "image", smallest=(1000, 1000)))
    assert opened.size == (1025, 2000)
    assert opened.getpixel((500, 900)) == pytest.approx((200,) * 3 if mode in ("L", "I;16") else LEFT, abs=6)
