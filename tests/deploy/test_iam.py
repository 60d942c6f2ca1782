"""The judge of policies itself: an allowance covers its action, its resources, and only under its condition."""

import pytest

from tests.deploy.iam import Need, grants

_STATEMENT = {
    "Effect": "Allow",
    "Action": ["ecs:StopTask", "ecs:DescribeTasks"],
    "Resource": "arn:aws:ecs:eu-west-1:1:task/films/*",
    "Condition": {"StringEquals": {"aws:ResourceTag/sceneburst:namespace": "films"}},
}
_TASK = "arn:aws:ecs:eu-west-1:1:task/films/0123"


@pytest.mark.parametrize(
    ("need", "is_allowed"),
    [
        (Need("ecs:StopTask", _TASK, {"aws:ResourceTag/sceneburst:namespace": "films"}), True),
        (Need("ecs:StopTask", _TASK, {"aws:ResourceTag/sceneburst:namespace": "others"}), False),
        (Need("ecs:StopTask", _TASK), False),
        (Need("ecs:RunTask", _TASK, {"aws:ResourceTag/sceneburst:namespace": "films"}), False),
        (Need("ecs:StopTask", _TASK.replace("films", "other"), {"aws:ResourceTag/sceneburst:namespace": "films"}), False),
    ],
)
def test_a_need_is_covered_by_action_resource_and_condition(need: Need, is_allowed: bool) -> None:
    """All three, or not."""
    assert any(grant.covers(need) for grant in grants([_STATEMENT])) is is_allowed
