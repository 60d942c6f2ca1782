"""The planning calls: documented cases, and inputs that the replaced system crashed on or answered nonsense to."""

from typing import Any

import pytest

from sceneburst.cloudburst import calculate_optimal_batch_distribution, choose_optimal_config


@pytest.mark.parametrize(
    ("given", "batches"),
    [
        pytest.param((50, 10, 10, 5), [10] * 5, id="the documented 5 containers of 10"),
        pytest.param((101, 10, 10, 5), [11, *[10] * 9], id="one more than ten times ten"),
        pytest.param((120, 10, 10, 5), [12] * 10, id="more than all containers are meant to get"),
        pytest.param((24, 10, 10, 8), [8] * 3, id="no container below the minimum"),
        pytest.param((4, 2, 2, 5), [2, 2], id="all containers although below the minimum"),
        pytest.param((8, 2, 4, 5), [2] * 4, id="four times two"),
        pytest.param((4, 2, 4, 5), [4], id="too few to share"),
        pytest.param((9,), [9], id="defaults below twice the minimum"),
        pytest.param((11,), [6, 5], id="defaults above it"),
        pytest.param((1,), [1], id="a single scene"),
    ],
)
def test_documented_cases(given: tuple[int, ...], batches: list[int]) -> None:
    """Each with all keys, which agree with one another."""
    found = calculate_optimal_batch_distribution(*given)
    assert set(found) == {"num_tasks", "batch_distribution", "total_batches", "strategy", "warnings"}
    assert found["batch_distribution"] == batches
    assert found["num_tasks"] == found["total_batches"] == len(batches)
    assert str(len(batches)) in found["strategy"] or "Single" in found["strategy"]


@pytest.mark.parametrize(("given", "words"), [((101, 10, 10, 5), "max_parallel_tasks"), ((9, 4, 10, 5), "min_scenes_per_batch")])
def test_a_larger_batch_than_wished_is_explained(given: tuple[int, ...], words: str) -> None:
    """With the bound that made it so."""
    (warning,) = calculate_optimal_batch_distribution(*given)["warnings"]
    assert words in warning


def test_a_smaller_batch_than_the_minimum_is_explained() -> None:
    """All containers are used when there is enough for them, whatever the minimum."""
    assert "min_scenes_per_batch = 50" in calculate_optimal_batch_distribution(100, 10, 10, 50)["warnings"][0]


@pytest.mark.parametrize("given", [(0,), (-3,), (5, 0), (5, 10, 0), (5, 10, -1), (5, 10, 10, 0), (2.5,), (None,)])
def test_nonsense_is_refused_by_the_name_of_its_argument(given: tuple[int, ...]) -> None:
    """With its value."""
    names = ("total_scenes", "scenes_per_batch", "max_parallel_tasks", "min_scenes_per_batch")
    with pytest.raises(ValueError, match=rf"{names[len(given) - 1]} is {given[-1]}; it must be"):
        calculate_optimal_batch_distribution(*given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((30, "zz"), "urgency_level is 'zz'; it must be 'urgent' or 'normal'"),
        ((30, None), "urgency_level is None; it must be"),
        ((30, ["urgent"]), r"urgency_level is \['urgent'\]; it must be"),
        (("30",), "total_videos is '30'; it must be a whole number, 0 or more"),
        ((-1,), "total_videos is -1; it must be"),
        ((2.5,), r"total_videos is 2\.5; it must be"),
        ((True,), "total_videos is True; it must be"),
        ((None,), "total_videos is None; it must be"),
        (("9" * 1000,), "total_videos is '9{119}…; it must be"),
    ],
)
def test_a_size_that_cannot_be_chosen_is_told_with_its_argument(given: Any, words: str) -> None:
    """A mistyped urgency is none, and must not be taken for another."""
    with pytest.raises(ValueError, match=words):
        choose_optimal_config(*given)


@pytest.mark.parametrize(
    ("given", "sizes"),
    [((6, "urgent"), (4, 1, 6)), ((30, "urgent"), (4, 1, 10)), ((21, "normal"), (2, 5, 8)), ((8, "normal"), (1, 3, 4))],
)
def test_sizes_follow_urgency_and_number(given: tuple[int, str], sizes: tuple[int, int, int]) -> None:
    """As the article has them."""
    names = ("config_priority", "scenes_per_batch", "max_parallel_tasks")
    assert choose_optimal_config(*given) == dict(zip(names, sizes, strict=True))
