"""Clips that hold more or less than one steady picture, or an end that is broken; and files that are no videos."""

from pathlib import Path

from tests.support.numbered_clips.clip import Clip, Outcome
from tests.support.numbered_clips.making import AAC, X264, encode, run_ffmpeg

_KEY = "00112233445566778899aabbccddeeff"


def _resized(folder: Path) -> Path:
    """Make an MPEG-TS whose frames grow after two seconds."""
    small = encode(folder / "small.ts", 50, options=("-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", "10"))
    large = encode(
        folder / "large.ts", 50, first=50, size=(320, 192),
        options=("-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", "12"),
    )  # fmt: skip
    (folder / "a.ts").write_bytes(small.read_bytes() + large.read_bytes())
    return folder / "a.ts"


def _with_cover(folder: Path) -> Path:
    plain = encode(folder / "plain.mp4")
    run_ffmpeg("-i", plain, "-frames:v", "1", folder / "cover.png")
    run_ffmpeg(
        "-i", plain, "-i", folder / "cover.png", "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1", "attached_pic",
        folder / "a.mp4",
    )  # fmt: skip
    return folder / "a.mp4"


def _programs(folder: Path) -> Path:
    first = encode(folder / "first.ts")
    second = encode(folder / "second.ts", first=1000, size=(96, 64))
    run_ffmpeg(
        "-i", first, "-i", second, "-map", "0", "-map", "1", "-c", "copy", "-program", "title=one:st=0:st=1",
        "-program", "title=two:st=2:st=3", folder / "a.ts",
    )  # fmt: skip
    return folder / "a.ts"


def _cut_short(folder: Path, ending: str, *options: str) -> Path:
    whole = encode(folder / f"whole.{ending}", options=options).read_bytes()
    (folder / f"a.{ending}").write_bytes(whole[: len(whole) * 7 // 10])
    return folder / f"a.{ending}"


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _picture(folder: Path) -> Path:
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x96", "-frames:v", "1", folder / "a.png")
    return folder / "a.png"


def _sound_only(folder: Path) -> Path:
    run_ffmpeg("-i", encode(folder / "plain.mp4", 25), "-map", "0:a", "-c", "copy", folder / "a.mp4")
    return folder / "a.mp4"


def _encrypted(folder: Path) -> Path:
    lock = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", _KEY, "-encryption_kid", _KEY)
    return encode(folder / "a.mp4", 50, video=X264, audio=AAC, options=lock)


#: What of a broken tail is shown depends on the container; nothing that is shown may be out of place.
BROKEN_TAILS = (
    Clip("cut-mp4", lambda folder: _cut_short(folder, "mp4", "-movflags", "+faststart"), fewest=50),
    Clip("cut-ts", lambda folder: _cut_short(folder, "ts"), fewest=50),
    Clip("cut-mkv", lambda folder: _cut_short(folder, "mkv"), fewest=50),
)

CLIPS = (
    Clip("resized", _resized),
    Clip("cover", _with_cover),
    Clip("programs", _programs),
    Clip(
        "avi-h264", lambda folder: encode(folder / "a.avi", audio=("-c:a", "libmp3lame")), Outcome.WHOLE, has_times=False,
        code="not_divided_avi",
    ),
)  # fmt: skip

REFUSED = (
    Clip("no-picture", _sound_only, Outcome.REFUSED),
    Clip("truncated-moov", lambda folder: _cut_short(folder, "mp4"), Outcome.REFUSED),
    Clip("empty", lambda folder: _written(folder / "a.mp4", b""), Outcome.REFUSED),
    Clip("text", lambda folder: _written(folder / "a.mp4", b"This is no video.\n" * 100), Outcome.REFUSED),
    Clip("picture", _picture, Outcome.REFUSED),
    Clip("encrypted", _encrypted, Outcome.REFUSED),
    Clip(
        "playlist", lambda folder: _written(folder / "a.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n"),
        Outcome.REFUSED,
    ),
)  # fmt: skip
