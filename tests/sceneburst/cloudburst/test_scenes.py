"""Scenes as the replaced system's callers write them."""

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from sceneburst.cloudburst import execute_parallel_batches
from sceneburst.cloudburst.scenes import named_scenes
from scenequeue.errors import InvalidScenes
from scenequeue.jobs.ids import check_name


@given(st.lists(st.text(min_size=1).filter(lambda name: name.strip() != ""), unique=True))
@example(["a/b", "a:b", "a_b", "a_b-2", "..", "../x", "\ud800", "x" * 300, "x" * 301, "名" * 90])
def test_every_name_becomes_one_that_a_file_can_have(names: list[str]) -> None:
    """And no two become the same."""
    scenes = [{"scene_name": name, "image_path": "i", "audio_path": "a"} for name in names]
    safe = [each.scene["name"] for each in named_scenes(scenes, None) if isinstance(each.scene, dict)]
    assert [check_name(name) for name in safe] == safe
    assert len(set(safe)) == len(names)


def test_a_good_name_stays_as_it_is() -> None:
    """Also one that is given twice, which is a mistake to be reported."""
    scenes = [{"name": "Part 1 - 开始"}, {"scene_name": "Part 1 - 开始", "name": "other"}]
    assert [each.scene for each in named_scenes(scenes, None)] == [{"name": "Part 1 - 开始", "watermark": None}] * 2


def test_a_scene_without_a_name_is_reported(redis_url: str, namespace: str) -> None:
    """By what is missing."""
    with pytest.raises(InvalidScenes, match="'name' is missing"):
        execute_parallel_batches([{"image_path": "i", "audio_path": "a"}], redis_url=redis_url, namespace=namespace)
