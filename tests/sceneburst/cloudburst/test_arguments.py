"""Arguments of the replaced system keep their order, defaults and meaning."""

import inspect
from typing import Any

import pytest

from sceneburst.cloudburst import execute_parallel_batches
from sceneburst.cloudburst.options import render_options_from


def test_order_and_defaults_are_the_replaced_systems() -> None:
    """Positional calls keep their meaning; all that is ours is by keyword."""
    given = inspect.signature(execute_parallel_batches).parameters.values()
    theirs = [(each.name, each.default) for each in given if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert theirs[1:] == [
        ("scenes_per_batch", 10),
        ("language", "chinese"),
        ("enable_zoom", True),
        ("config_priority", 4),
        ("max_parallel_tasks", 10),
        ("min_scenes_per_batch", None),
        ("watermark_path", None),
        ("is_portrait", False),
        ("saving_dir", None),
        ("background_box", True),
        ("background_opacity", 0.2),
    ]


@pytest.mark.parametrize(("switch", "is_on"), [(1, True), (0, False), ("yes", True), (None, False)])
def test_switches_go_by_truth_as_those_of_the_replaced_system_did(switch: Any, *, is_on: bool) -> None:
    """The box as well as the zoom."""
    look = render_options_from(
        None, language=None, enable_zoom=switch, is_portrait=False, background_box=switch, background_opacity=0.2
    )
    assert (look.subtitle_style.box, look.motion != "none") == (is_on, is_on)


@pytest.mark.parametrize(("language", "tag"), [("chinese", "zh-Hans"), ("English", "en"), ("zh_hant", "zh-Hant"), (None, None)])
def test_language_becomes_a_tag(language: str | None, tag: str | None) -> None:
    """By the replaced system's words, or as a tag."""
    look = render_options_from(
        None, language=language, enable_zoom=True, is_portrait=False, background_box=True, background_opacity=0.2
    )
    assert (look.language, look.subtitle_style.box_opacity) == (tag, 0.8)
