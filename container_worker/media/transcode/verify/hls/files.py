"""Verifies a ladder inside the child process: reads its files and playlists, and checks them."""

from collections.abc import Mapping
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.transcode.captions.file_names import CAPTIONS_FILE
from container_worker.media.transcode.hls.file_names import (
    MASTER_FILE,
    MEDIA_FILE,
    PLAYLIST_FILE,
    TEXT_FILE,
    TEXT_PLAYLIST_FILE,
)
from container_worker.media.transcode.hls.media import Picture, Sound, Text, media_of, texts_of
from container_worker.media.transcode.packet_table import ticks_in
from container_worker.media.transcode.verify.hls.checks import (
    LADDER,
    Measured,
    Wanted,
    check_ladder,
    check_medium,
    check_text,
)
from container_worker.media.transcode.verify.hls.playlist_reading import read_master_playlist, read_media_playlist
from container_worker.media.transcode.verify.hls.reading import read_packaged
from container_worker.media.transcode.verify.outcome import failed
from container_worker.media.transcode.verify.tables import Encoded, Packets, planned_pts
from scenequeue.jobs.transcode.plan import TrackReport, TranscodePlan
from scenequeue.jobs.transcode.verification import Check

#: Largest playlist, in bytes: of a day in segments of a second.
_MAX_PLAYLIST_BYTES = 16 * 1024 * 1024


def check_hls(
    plan: TranscodePlan, encoded: Mapping[str, Encoded], tracks: Mapping[int, TrackReport], folder: Path
) -> list[Check]:
    """Return the checks of every file of a ladder, and one of the whole.

    Args:
        plan: of the source.
        encoded: what the items have reported, by the rendition's name.
        tracks: what they have reported, by the track's index.
        folder: has the files and the playlists.
    """
    checks, measured = list[Check](), list[Measured]()
    for number, medium in enumerate(media_of(plan)):
        check, found = _check_medium(_wanted(plan, medium, encoded, tracks), folder, number)
        checks.append(check)
        measured += [found] if found else []
    if all(check.ok for check in checks):
        checks += [_check_text(text, measured[0], folder) for text in texts_of(plan)]
        try:
            master = read_master_playlist(_text(folder / MASTER_FILE))
        except (ValueError, KeyError) as error:
            return [*checks, failed(LADDER, "hls", Code.HLS_UNREADABLE, problem=str(error)[:200])]
        checks.append(check_ladder(measured, [text.name for text in texts_of(plan)], master, plan.picture.frame_rate))
    return checks


def _check_medium(wanted: Wanted, folder: Path, number: int) -> tuple[Check, Measured | None]:
    import av

    try:
        playlist = read_media_playlist(_text(folder / PLAYLIST_FILE.format(number)))
        return check_medium(wanted, read_packaged(folder / MEDIA_FILE.format(number)), playlist)
    except (av.FFmpegError, ValueError, KeyError) as error:
        return failed("hls", wanted.name, Code.HLS_UNREADABLE, problem=str(error)[:200]), None


def _check_text(text: Text, rung: Measured, folder: Path) -> Check:
    """Check a file of subtitles, and its playlist."""
    index = text.captions.index
    try:
        playlist = read_media_playlist(_text(folder / TEXT_PLAYLIST_FILE.format(index)))
        webvtt, made = _text(folder / CAPTIONS_FILE.format(index)), _text(folder / TEXT_FILE.format(index))
    except (ValueError, KeyError) as error:
        return failed("hls", text.name, Code.HLS_UNREADABLE, problem=str(error)[:200])
    return check_text(text.name, playlist, webvtt, made, rung)


def _wanted(
    plan: TranscodePlan, medium: Picture | Sound, encoded: Mapping[str, Encoded], tracks: Mapping[int, TrackReport]
) -> Wanted:
    if isinstance(medium, Picture):
        of_rendition = encoded[medium.name]
        return Wanted(medium.name, of_rendition.packets, planned_pts(plan, of_rendition), is_picture=True)
    packets = Packets.of_table(tracks[medium.track.index].table)
    shift = ticks_in(packets.time_base, plan.picture.time_base, plan.origin_pts)
    return Wanted(medium.name, packets, [pts - shift for pts in packets.pts], is_picture=False)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MAX_PLAYLIST_BYTES).decode()
