"""Renders a scene: a picture and a narration become an MP4."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from container_worker.files.inputs import Input, InputFile, ending_of
from container_worker.files.outputs import Output, video_outputs
from container_worker.kind import Kind, Made, ParsedItem
from container_worker.media.file_names import VIDEO
from scenequeue.jobs.kinds.render import RenderOptions, RenderPayload
from scenequeue.jobs.scene import inputs_of

_Item: TypeAlias = ParsedItem[RenderPayload, RenderOptions]
#: The renderer's names for roles.
_WORDS = {"audio": "narration"}


class Render:
    """The kind `render`."""

    payload = RenderPayload
    options = RenderOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        for role, uri in inputs_of(item.payload).items():
            # An empty subtitle file is normal for a silent scene.
            name, may_be_empty = f"{role}{ending_of(uri)}", role == "subtitles"
            yield Input(role, uri, name, may_be_empty=may_be_empty, word=_WORDS.get(role, ""))

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:
        from container_worker.media.scene.worker import fingerprint

        digests = {role: file.sha256 for role, file in files.items()}
        return fingerprint(item.payload, item.options, digests, item.context.lease.item.name)

    def outputs(self, item: _Item) -> Sequence[Output]:
        return video_outputs(item.payload.output)

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        # Imported with the first scene, because an idle container does not need it.
        from container_worker.media.scene.worker import SceneInputs, render_scene

        context, payload = item.context, item.payload
        paths = {role: file.path for role, file in files.items()}
        scene = SceneInputs(
            image=paths["image"], audio=paths["audio"], subtitles=paths.get("subtitles"), watermark=paths.get("watermark"),
            title=payload.title, name=context.lease.item.name, music=paths.get("music"), cut_s=payload.cut_s,
        )  # fmt: skip
        report = render_scene(
            scene, item.options, context.scratch / VIDEO, context.scratch,
            limits=context.limits, on_progress=context.on_progress, should_stop=context.should_stop, slot=context.slot,
        )  # fmt: skip
        return Made(report.duration_s, {"frames": report.frames}, report.warnings)


KIND: Kind = Render()
