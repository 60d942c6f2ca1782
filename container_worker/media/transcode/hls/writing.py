"""Writes all playlists of a ladder, on the worker's side, from the descriptions of its files."""

from fractions import Fraction
from pathlib import Path

from container_worker.media.transcode.captions.file_names import CAPTIONS_FILE
from container_worker.media.transcode.hls.file_names import (
    FACTS_FILE,
    MASTER_FILE,
    PLAYLIST_FILE,
    TEXT_FILE,
    TEXT_PLAYLIST_FILE,
)
from container_worker.media.transcode.hls.media import Sound, media_of, texts_of
from container_worker.media.transcode.hls.playlists import (
    master_playlist,
    media_playlist,
    target_duration_s,
    text_playlist,
    with_clock,
)
from container_worker.media.transcode.reports import usable
from scenequeue.jobs.transcode.hls import HlsMedia
from scenequeue.jobs.transcode.plan import TranscodePlan


def write_playlists(plan: TranscodePlan, folder: Path) -> None:
    """Write the playlist of each file, and the master playlist.

    Args:
        plan: of the source.
        folder: has the descriptions and the subtitles, and gets the playlists and the ladder's subtitles.

    Raises:
        BadInput: a description is none.
    """
    named = media_of(plan)
    made = [_read(folder / FACTS_FILE.format(number)) for number in range(len(named))]
    target_s = target_duration_s(made)
    for number, (each, media) in enumerate(zip(named, made, strict=True)):
        _write(folder / PLAYLIST_FILE.format(number), media_playlist(f"{each.name}.mp4", media, target_s))
    pictures = {each.name: media for each, media in zip(named, made, strict=True) if not isinstance(each, Sound)}
    sounds = [(each.name, each.track, media) for each, media in zip(named, made, strict=True) if isinstance(each, Sound)]
    for text in texts_of(plan):
        vtt = folder / CAPTIONS_FILE.format(text.captions.index)
        written = with_clock(vtt.read_bytes().decode(errors="replace"), made[0].shift_s)
        _write(folder / TEXT_FILE.format(text.captions.index), written)
        playlist = text_playlist(f"{text.name}.vtt", Fraction(made[0].duration, made[0].timescale))
        _write(folder / TEXT_PLAYLIST_FILE.format(text.captions.index), playlist)
    texts = [(text.name, text.captions) for text in texts_of(plan)]
    master = master_playlist(pictures, sounds, texts, frame_rate=plan.picture.frame_rate, target_s=target_s)
    _write(folder / MASTER_FILE, master)


def _read(path: Path) -> HlsMedia:
    with usable(path.name):
        return HlsMedia.model_validate_json(path.read_bytes())


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
