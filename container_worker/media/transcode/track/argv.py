"""Builds the command line of the ffmpeg that copies or converts one track."""

from container_worker.media.transcode.encode.formats import SOURCE_FORMATS

#: Samples that an encoder writes before the first of the sound, and samples of a packet.
PRIMING_SAMPLES = {"aac": 1024, "opus": 312}
FRAME_SAMPLES = {"aac": 1024, "opus": 960}
#: Rate of Opus, in Hz, whatever the source's is.
OPUS_RATE_HZ = 48_000
#: Sample rates of AAC.
_AAC_RATES_HZ = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_ENCODERS = {"aac": "aac", "opus": "libopus"}
_MAX_CHANNELS = 8
#: Shortest gap in the times that becomes silence, in seconds. The times of recorders vary by some milliseconds, and a lost
#: packet is never shorter.
_GAP_S = 0.01
#: Channels of Opus without a mapping of its own.
_MAX_STEREO = 2


def made_rate_hz(action: str, rate_hz: int) -> int:
    """Return the sample rate of converted sound: the source's, or the next lower one that the codec has."""
    if action == "opus":
        return OPUS_RATE_HZ
    return next((rate for rate in _AAC_RATES_HZ if rate <= rate_hz), _AAC_RATES_HZ[-1])


def track_ending(action: str, codec: str) -> str:
    """Return the ending of the track's file: Matroska holds every codec but the text of MP4."""
    return ".mp4" if action == "mov_text" or (action == "copy" and codec == "mov_text") else ".mka"


def track_file(action: str, codec: str) -> str:
    """Return the name of the track's file in the scratch folder."""
    return f"track{track_ending(action, codec)}"


def argv_for(
    ffmpeg: str, source: str, index: int, action: str, target: str, *, rate_hz: int, channels: int, kbps: int
) -> list[str]:
    """Return the command.

    Args:
        ffmpeg: path of the program.
        source: name of the source in ffmpeg's working folder.
        index: of the stream in the source.
        action: copy, or the codec that is made.
        target: name of the file that is made.
        rate_hz: sample rate of converted sound.
        channels: of the source's sound.
        kbps: bit rate of converted sound.
    """
    argv = [
        ffmpeg, "-y", "-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1", "-copyts",
        "-protocol_whitelist", "file", "-format_whitelist", ",".join(SOURCE_FORMATS),
        "-i", f"file:{source}", "-map", f"0:{index}", "-map_metadata", "-1", "-map_chapters", "-1",
    ]  # fmt: skip
    if action in _ENCODERS:
        # Gaps in the times become silence, so that all packets have the same length.
        argv += ["-af", f"aresample={rate_hz}:async=1:min_hard_comp={_GAP_S}", "-c:a", _ENCODERS[action], "-b:a", f"{kbps}k"]
        argv += ["-ac", str(min(max(1, channels), _MAX_CHANNELS))]
        if action == "opus":
            argv += ["-mapping_family", "1" if channels > _MAX_STEREO else "0"]
    else:
        argv += ["-c", action]
    return [*argv, "-fflags", "+bitexact", "-flags", "+bitexact", f"file:{target}"]
