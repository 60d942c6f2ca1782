"""Distribution of scenes over containers, and the containers' size."""

import pytest
from hypothesis import given, strategies as st

from dispatcher.decisions.distribution import distribute
from dispatcher.decisions.sizing import choose_size


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((50, 10, 10, 5), [10] * 5),
        ((101, 10, 10, 5), [11] + [10] * 9),
        ((120, 10, 10, 5), [12] * 10),
        ((24, 10, 10, 8), [8, 8, 8]),
        ((4, 2, 2, 5), [2, 2]),
        ((9, 10, 10, 5), [9]),
        ((11, 10, 10, 5), [6, 5]),
        ((4, 2, 4, 5), [4]),
        ((8, 2, 4, 5), [2, 2, 2, 2]),
        ((1000, 10, 10, 5), [100] * 10),
        ((1, 1, 1, 1), [1]),
        ((0, 10, 10, 5), []),
    ],
)
def test_known_distributions(arguments: tuple[int, int, int, int], expected: list[int]) -> None:
    """The article's examples, corrected where it miscounted."""
    assert distribute(*arguments) == expected


@given(total=st.integers(0, 100_000), batch=st.integers(1, 500), tasks=st.integers(1, 200), least=st.integers(1, 500))
def test_any_distribution_adds_up_and_is_even(total: int, batch: int, tasks: int, least: int) -> None:
    """No scene lost, none doubled, no empty batch, larger first, sizes within one, bounds kept."""
    sizes = distribute(total, batch, tasks, least)
    assert sum(sizes) == total
    assert len(sizes) <= tasks
    assert sizes == sorted(sizes, reverse=True)
    if sizes:
        assert min(sizes) >= 1
        assert max(sizes) - min(sizes) <= 1
    if total < batch * tasks and len(sizes) > 1:
        assert min(sizes) >= least


@pytest.mark.parametrize("arguments", [(-1, 1, 1, 1), (1, 0, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0)])
def test_bad_arguments_of_a_distribution_are_named(arguments: tuple[int, int, int, int]) -> None:
    """Nothing is divided by zero or launched for minus three scenes."""
    with pytest.raises(ValueError, match=r"must be at least 1|cannot be negative"):
        distribute(*arguments)


@pytest.mark.parametrize(
    ("scenes", "urgency", "expected"),
    [(4, "urgent", (4, 1, 4)), (40, "urgent", (4, 1, 10)), (21, "routine", (2, 5, 8)), (20, "routine", (1, 3, 4))],
)
def test_sizes_follow_urgency_and_number(scenes: int, urgency: "str", expected: tuple[int, int, int]) -> None:
    """Urgent, large, routine."""
    assert tuple(choose_size(scenes, urgency)) == expected  # type: ignore[arg-type]
