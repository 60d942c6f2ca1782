"""Compares a finished transcoding with what its clip shows and must become."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from scenequeue.errors import BadInput
from tests.support.numbered_clips.checking import sound_faults, video_faults
from tests.support.numbered_clips.clip import Clip, Outcome
from tests.support.numbered_clips.reading import file_start_s, languages, read_pictures
from tests.support.transcoding import Transcoding


def faults_of(clip: Clip, source: Path, folder: Path, segment_s: float) -> list[str]:
    """Transcode a clip, and return everything that is not as it must be."""
    made = Transcoding(source, folder, {**clip.options, "segment_s": segment_s})
    try:
        made.run()
    except BadInput as refusal:
        return list(_refusal_faults(clip, refusal, folder))
    if clip.outcome is Outcome.REFUSED:
        return ["is not refused"]
    return [*_plan_faults(clip, made, segment_s), *_file_faults(clip, made)]


def _refusal_faults(clip: Clip, refusal: BadInput, folder: Path) -> Iterator[str]:
    if clip.outcome is not Outcome.REFUSED:
        yield f"is refused: {refusal.reason.code} {refusal.reason.parameters}"
    elif clip.code not in {None, refusal.reason.code}:
        yield f"is refused as {refusal.reason.code}, not {clip.code}"
    elif left := [path.name for path in folder.rglob("*") if path.is_file()]:
        yield f"leaves files behind: {', '.join(left)}"


def _plan_faults(clip: Clip, made: Transcoding, segment_s: float) -> Iterator[str]:
    plan = made.plan
    if plan.is_divided is not (clip.outcome is Outcome.DIVIDED):
        yield f"is not {clip.outcome.value}: {made.codes}"
    if clip.code not in {None, *made.codes}:
        yield f"the plan does not say {clip.code}, but {made.codes}"
    if segment_s == 600 and len(plan.segments) != 1:
        yield f"has {len(plan.segments)} segments"
    if segment_s == 1 and plan.is_divided and len(plan.segments) == 1 and len(clip.numbers) > 50:
        yield "is one segment"


def _file_faults(clip: Clip, made: Transcoding) -> Iterator[str]:
    shown = read_pictures(made.source)
    for rendition in made.plan.renditions:
        file = made.file(rendition.name)
        pictures = read_pictures(file, clip.quarter_turns)
        numbers = clip.numbers_of(pictures.numbers, shown.numbers)
        found = [
            *video_faults(made.source, file, numbers, quarter_turns=clip.quarter_turns, has_times=clip.has_times),
            *_start_faults(clip, shown.start_s - file_start_s(made.source), pictures.start_s, max(shown.tick_s, pictures.tick_s)),
            *_sound_faults(clip, made.source, file, pictures.start_s - shown.start_s),
        ]
        if pictures.size != (rendition.width, rendition.height):
            found.append(f"is {pictures.size} large")
        yield from (f"{rendition.name}: {fault}" for fault in found)


def _start_faults(clip: Clip, source_s: Fraction, made_s: Fraction, tick_s: Fraction) -> Iterator[str]:
    """Yield whether the first frame is shown at another time from the file's start; what begins before it begins at zero."""
    wanted_s = max(Fraction(0), source_s)
    # FLV holds no times before zero, so that all of them are late by the frames that the encoder reorders.
    allowed_s = Fraction(1, 10) if clip.options.get("container") == "flv" else tick_s
    if clip.has_times and abs(made_s - wanted_s) > allowed_s:
        yield f"starts at {float(made_s):.4f} s, not {float(wanted_s):.4f} s"


def _sound_faults(clip: Clip, source: Path, file: Path, shift_s: Fraction) -> Iterator[str]:
    spoken = languages(file)
    if len(spoken) != clip.sounds:
        yield f"{len(spoken)} tracks of sound, not {clip.sounds}"
    elif clip.has_times:
        # The last packet of a file with a broken end may be incomplete.
        is_copied = not clip.is_sound_encoded and clip.fewest is None
        for track in range(clip.sounds):
            yield from sound_faults(source, file, track, track, shift_s, is_copied=is_copied)
    if clip.languages and spoken != list(clip.languages):
        yield f"languages {spoken}"
