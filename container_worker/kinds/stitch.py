"""Stitches a job's rendered scenes to one film."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeAlias

from container_worker.codes import Code
from container_worker.files.inputs import Input, InputFile
from container_worker.files.outputs import Output, uploaded_captions, video_outputs
from container_worker.kind import Kind, Made, ParsedItem
from container_worker.media.defaults import RENDERER_VERSION
from container_worker.media.ffmpeg import find_ffmpeg_for
from container_worker.media.file_names import SCENE_FILE
from container_worker.media.fingerprint import fingerprint_of
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.kinds.stitch import StitchPayload
from scenequeue.reasons import Code as QueueCode, Reason

_Item: TypeAlias = ParsedItem[StitchPayload, RenderOptions]


class Stitch:
    """The kind `stitch`; the same scenes and options give the same film."""

    payload = StitchPayload
    # A film takes the encoding options of its scenes.
    options = RenderOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        """Yield the numbered scenes, each with its subtitles, then the music."""
        payload, options = item.payload, item.options
        # Before anything is fetched: an ffmpeg that cannot encode the film.
        find_ffmpeg_for(options.codec)
        for number, source in enumerate(payload.sources):
            name = SCENE_FILE.format(number)
            called = Reason(QueueCode.SCENE, {"number": number + 1})
            yield Input(f"scene_{number + 1}", source, f"{name}.mp4", called=called)
            # Asked only where the film delivers captions itself.
            if options.webvtt and (sidecar := uploaded_captions(source, item.context.storage)):
                called = Reason(Code.SUBTITLES_OF, {"place": called})
                yield Input(f"subtitles_{number + 1}", sidecar, f"{name}.vtt", may_be_empty=True, called=called)
        if payload.music:
            yield Input("music", payload.music, "music")

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:
        payload, options = item.payload, item.options
        facts = {
            "renderer": RENDERER_VERSION, "options": options.model_dump(mode="json"), "crossfade_s": payload.crossfade_s,
            "title": payload.title, "inputs": {role: file.sha256 for role, file in files.items()},
        }  # fmt: skip
        return fingerprint_of(facts)

    def outputs(self, item: _Item) -> Sequence[Output]:
        return video_outputs(item.payload.output)

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        # Imported with the first film, because an idle container does not need it.
        from container_worker.media.child_process import run_in_slot
        from container_worker.media.scene.worker import SceneInputs, request_for

        context, payload, options = item.context, item.payload, item.options
        program = find_ffmpeg_for(options.codec)
        music = files["music"].path if "music" in files else None
        # A film has no picture and no narration of its own. Any `cut_s` but None makes the encoder write the scenes' headers;
        # without it, all of the film would be encoded again.
        film = SceneInputs(Path(), Path(), title=payload.title, music=music, cut_s=0.0)
        request = request_for(film, options, context.scratch, program.path, 1)
        # Its title is metadata only, without a card.
        request = replace(request, card_frames=0)
        fade_frames = round(payload.crossfade_s * options.fps)
        made, warnings = run_in_slot(
            "container_worker.media.film",
            {"request": asdict(request), "scenes": len(payload.sources), "fade_frames": fade_frames},
            context, program.path,
        )  # fmt: skip
        return Made(made.duration_s, {"frames": made.frames, "encoded_frames": made.encoded_frames}, warnings)


KIND: Kind = Stitch()
