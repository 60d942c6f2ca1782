"""Transcodes short clips to HLS ladders, and lays out their files as a verify item gets them."""

import shutil
from pathlib import Path
from typing import Any

from container_worker.media.transcode.captions.file_names import CAPTIONS_FILE, CAPTIONS_REPORT_FILE
from container_worker.media.transcode.file_names import PLAN_FILE, SEGMENT_REPORT_FILE, TRACK_REPORT_FILE
from container_worker.media.transcode.hls.file_names import FACTS_FILE, MEDIA_FILE
from container_worker.media.transcode.hls.media import media_of
from container_worker.media.transcode.hls.writing import write_playlists
from container_worker.media.transcode.verify.child import make
from container_worker.media.transcode.verify.file_names import JOINED_FILE, REPORT_FILE
from scenequeue.jobs.transcode.verification import Check, TranscodeReport
from scenequeue.jobs.transcode.working_folder import WorkFiles
from tests.container_worker.media.transcode.encode.clips import ffmpeg
from tests.support.transcoding import Transcoding

_SUBTITLES = "1\n00:00:01,000 --> 00:00:03,500\nOne second\n\n2\n00:00:07,000 --> 00:00:08,000\nSeven\n"


def clip(path: Path) -> Path:
    """Make a moving picture of 640 × 360 pixels, 15 s long, with sounds in two languages, and subtitles."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subtitles = path.parent / "film.srt"
    subtitles.write_text(_SUBTITLES)
    tones = [word for hz in (440, 880) for word in ("-f", "lavfi", "-i", f"sine=f={hz}:d=15:r=44100")]
    maps = [word for number in range(4) for word in ("-map", str(number))]
    tags = {"a:0": "eng", "a:1": "deu", "s:0": "eng"}
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=640x360:r=10:d=15", *tones, "-i", subtitles, *maps,
        *(word for stream, language in tags.items() for word in (f"-metadata:s:{stream}", f"language={language}")),
        "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-b:a", "64k", "-c:s", "srt", path,
    )  # fmt: skip
    return path


def transcode(source: Path, folder: Path, **options: Any) -> Transcoding:
    """Carry out a transcoding with a ladder."""
    made = Transcoding(source, folder, {"hls": True, "preset": "superfast", **options})
    made.run()
    return made


def lay_out(made: Transcoding, folder: Path) -> Path:
    """Copy the working files into a folder as a verify item has them, with the playlists."""
    folder.mkdir()
    plan, work = made.plan, made.work
    shutil.copy(work / "plan.json", folder / PLAN_FILE)
    for segment in plan.segments:
        shutil.copy(work / "segments" / f"{segment.number:05d}.json", folder / SEGMENT_REPORT_FILE.format(segment.number))
    for track in plan.tracks:
        shutil.copy(work / "tracks" / f"{track.index}.json", folder / TRACK_REPORT_FILE.format(track.index))
    for number, rendition in enumerate(plan.renditions):
        shutil.copy(work / "joined" / f"{rendition.name}.{plan.container}", folder / JOINED_FILE.format(number))
    for captions in plan.captions:
        shutil.copy(WorkFiles(str(work)).captions(captions.index), folder / CAPTIONS_FILE.format(captions.index))
        shutil.copy(WorkFiles(str(work)).captions_report, folder / CAPTIONS_REPORT_FILE)
    for number, medium in enumerate(media_of(plan)):
        shutil.copy(work / "hls" / f"{medium.name}.mp4", folder / MEDIA_FILE.format(number))
        shutil.copy(work / "hls" / f"{medium.name}.json", folder / FACTS_FILE.format(number))
    write_playlists(plan, folder)
    return folder


def checks(folder: Path) -> dict[tuple[str, str], Check]:
    """Verify what lies in a folder; the checks by name and file."""
    make({"folder": str(folder)})
    report = TranscodeReport.model_validate_json((folder / REPORT_FILE).read_text())
    return {(check.name, check.rendition): check for check in report.checks}
