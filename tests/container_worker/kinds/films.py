"""Scenes for films, rendered once for all tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.result import ItemResult
from tests.support.media import Media

Run = Callable[..., ItemResult]
#: Where a film of these scenes cuts, in seconds from either end.
FADE_S = 0.4
OPTIONS = RenderOptions(resolution="360p", fps=25, motion="zoom_in")
#: Files of the scenes rendered so far, by what they were made of.
RENDERED: dict[tuple[object, ...], dict[str, bytes]] = {}


def scenes(run: Run, media: Media, lengths: list[float], options: RenderOptions = OPTIONS, **more: Any) -> list[str]:
    """Scenes of these lengths: half a second in, a subtitle comes up and a tone begins.

    Rendering is deterministic, so a scene that another test has rendered is copied, unless this test has one of its name.
    """
    addresses = []
    out = media.folder.parent / "out"
    for number, seconds in enumerate(lengths):
        narration = media.silence_then_tone(f"n{number}.wav", 0.48, seconds - 0.48)
        payload = {
            "image": media.image(f"p{number}.jpg", width=640 + 64 * number).as_uri(), "audio": narration.as_uri(),
            "subtitles": media.srt(f"s{number}.srt", [(0.48, 1.0, f"Scene {number} {{\\b1}}")]).as_uri(), "cut_s": FADE_S, **more,
        }  # fmt: skip
        made, key = out / f"scene{number}.mp4", (number, seconds, options.model_dump_json(), tuple(sorted(more.items())))
        if made.exists() or key not in RENDERED:
            before = files(out)
            run("render", f"scene{number}", payload, options)
            if not before.keys() & {made.name}:
                RENDERED[key] = {name: body for name, body in files(out).items() if before.get(name) != body}
        else:
            out.mkdir(exist_ok=True)
            for name, body in RENDERED[key].items():
                (out / name).write_bytes(body)
        addresses.append(made.as_uri())
    return addresses


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}
