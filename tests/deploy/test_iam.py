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


_BUCKET = "arn:aws:s3:::films"
_LISTING = {
    "Effect": "Allow", "Action": "s3:ListBucket", "Resource": _BUCKET,
    "Condition": {"StringLike": {"s3:prefix": "outputs/*.sceneburst/*"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("context", "is_allowed"),
    [
        ({"s3:prefix": "outputs/.sceneburst/job1/"}, True),
        ({"s3:prefix": "outputs/a/.sceneburst/job1/"}, True),
        ({"s3:prefix": "outputs/"}, False),
        ({"s3:prefix": "inputs/.sceneburst/job1/"}, False),
        ({}, False),
    ],
)
def test_a_pattern_is_a_condition_too(context: dict[str, str], is_allowed: bool) -> None:
    """With IAM's wildcards; a request that says nothing of it does not meet it."""
    need = Need("s3:ListBucket", _BUCKET, context)
    assert any(grant.covers(need) for grant in grants([_LISTING])) is is_allowed


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
