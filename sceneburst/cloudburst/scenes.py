"""Turns the replaced system's scene dicts into the producer's scenes."""

import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from producer.requests.scenes import ALIASES, SceneLike
from scenequeue.jobs.scene import Scene

_KNOWN = frozenset({*Scene.model_fields, *ALIASES})
_NAMES = ("scene_name", "name")
_SUBTITLES = frozenset({"subtitles", *(alias for alias, name in ALIASES.items() if name == "subtitles")})
_UNSAFE = re.compile(r"[^\w .+@=-]|(?<=\.)\.")
_MAX_NAME_CHARS, _MAX_NAME_BYTES = 100, 200


class NamedScene(NamedTuple):
    """A scene for the producer, with its caller's name for it."""

    name: str
    scene: SceneLike


def named_scenes(given: Iterable[Any], watermark: str | None) -> list[NamedScene]:
    """Read scenes: unknown keys are skipped with a warning, and names are made safe for files.

    Args:
        given: dicts, or our own scenes.
        watermark: watermark of every scene without one of its own.
    """
    taken: set[str] = set()
    by_name: dict[str, str] = {}
    unknown: dict[str, None] = {}
    scenes = []
    for each in given:
        if not isinstance(each, Mapping):
            own = each.model_copy(update={"watermark": watermark}) if _lacks_watermark(each, watermark) else each
            taken.add(getattr(each, "name", ""))
            scenes.append(NamedScene(getattr(each, "name", ""), own))
            continue
        unknown |= dict.fromkeys(str(key) for key in each if key not in _KNOWN)
        fields = {key: value for key, value in each.items() if key in _KNOWN and not _is_no_subtitle(key, value)}
        given_names = [str(value) for key in _NAMES if (value := fields.pop(key, None)) is not None]
        name = given_names[0] if given_names else ""
        if name not in by_name:
            by_name[name] = _unused(safe_name(name), taken)
            taken.add(by_name[name])
        named = {"name": by_name[name]} if given_names else {}
        # Before the scene's own keys, so that its own watermark wins, whichever name it has.
        scenes.append(NamedScene(name, {**named, "watermark": watermark, **fields}))
    if unknown:
        warnings.warn(f"scenes: unknown keys are ignored: {', '.join(unknown)}", UserWarning, stacklevel=3)
    return scenes


def safe_name(name: str) -> str:
    """Return the name with "_" in place of characters that file names cannot have; an empty name stays empty."""
    safe = _UNSAFE.sub("_", name).strip()
    if safe and not re.match(r"\w", safe):
        safe = f"_{safe[1:]}"
    return safe[:_MAX_NAME_CHARS].encode()[:_MAX_NAME_BYTES].decode(errors="ignore").strip()


def _unused(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate and candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def _is_no_subtitle(key: str, value: Any) -> bool:
    return key in _SUBTITLES and value in ("", None)


def _lacks_watermark(scene: Any, watermark: str | None) -> bool:
    return watermark is not None and isinstance(scene, Scene) and not scene.watermark
