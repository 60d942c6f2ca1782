"""Codes of errors in the answers of the HTTP API."""

import json

import pytest

from sceneburst.http_api.errors import answer_to
from scenequeue.errors import JobNotFound, QueueUnavailable
from scenequeue.reasons import Code


def test_the_code_and_the_parameters_of_an_error_stand_beside_its_words() -> None:
    """Programs need not read the sentence."""
    body = json.loads(bytes(answer_to(JobNotFound(Code.JOB_UNKNOWN, job_id="a"), "/v1/jobs/a").body))
    assert (body["code"], body["parameters"]) == ("job_unknown", {"job_id": "a"})
    assert "no job 'a'" in body["detail"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (QueueUnavailable(Code.REDIS_UNANSWERED, url="redis://cache:6379", problem="gone"), "queue_silent"),
        (RuntimeError("redis://cache:6379"), "api_failed"),
    ],
)
def test_an_error_for_operators_has_a_code_that_says_no_more(error: Exception, code: str) -> None:
    """The address of Redis is told to nobody."""
    body = json.loads(bytes(answer_to(error, "/v1/jobs").body))
    assert (body["code"], body["parameters"]) == (code, {})
    assert "cache" not in str(body)
