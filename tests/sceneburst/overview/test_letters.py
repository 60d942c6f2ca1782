"""Troubles of items: dead letters, a job that fails, attempts that are repeated."""

from typing import Any

import pytest

from sceneburst.overview.trouble import Act, Severity
from sceneburst.overview.troubles import troubles_of
from scenequeue.jobs.ids import ItemId, JobId
from scenequeue.ports.troubles.retries import Retry
from tests.sceneburst.overview.facts import NOW_MS, dead_reason, depth, facts, letter, of_job, only, texts


def test_dead_letters_are_told_by_reason_with_an_example_their_jobs_and_labels() -> None:
    """As an operator asks: what, how many, since when, still more, whose."""
    jobs = [of_job("a", 2, 9, 4, shop="north", film="x"), of_job("b", 1, 1, 1, shop="south")]
    found = only(facts(dead_reasons=[dead_reason(22_121, *jobs)]))
    assert texts(found) == (
        "22,121 dead",
        "ObjectNotFound: s3://shop/a.mp3: no such object (404)",
        "put the files there, or correct the addresses and submit again; then try ten, and requeue the rest",
    )
    assert (found.severity, found.since_ms, found.per_minute) == (Severity.FAILS, NOW_MS - 600_000, 412)
    assert found.spread is not None
    assert (found.spread.jobs, found.spread.labels, found.spread.is_whole) == (2, 3, False)
    assert found.spread.named == ("film=x", "shop=north", "shop=south")
    assert found.acts == (Act.SEE_LETTERS, Act.TRY_TEN, Act.REQUEUE, Act.DISCARD)
    assert found.target == {"reason": "object_missing"}


def test_letters_of_yesterday_are_less_urgent() -> None:
    """Somebody has still to decide about them."""
    old = dead_reason(3, of_job("a", 3, done=1), last_ms=NOW_MS - 7_200_000)
    assert only(facts(dead_reasons=[old])).severity is Severity.THREATENS


@pytest.mark.parametrize(
    ("error", "code", "parameters", "remedy"),
    [
        ("ObjectNotFound", "object_missing", {"uri": "s3://b/k", "answer": "NoSuchBucket"}, "do_create_bucket"),
        ("ObjectNotFound", "bucket_missing", {"uri": "s3://b/k", "bucket": "b"}, "do_create_bucket"),
        ("StorageDenied", "s3_refused", {"uri": "s3://b/k", "answer": "403", "problem": "no"}, "do_allow_access"),
        ("StorageUnavailable", "address_failed", {"uri": "s3://b/k", "problem": "no"}, "do_mend_storage"),
        ("BadInput", "sound_missing", {"input": "music"}, "do_correct_input"),
        ("ToolFailed", "other", {"text": "x264"}, "do_look_at_tool"),
        ("LeaseExpired", "lease_expired", {}, "do_look_at_log"),
        ("MessageLost", "message_lost", {}, "do_keep_keys"),
        ("OfANewerVersion", "of_a_newer_version", {}, "do_see_letter"),
    ],
)
def test_what_to_do_follows_from_the_error(error: str, code: str, parameters: dict[str, str], remedy: str) -> None:
    """A missing bucket is created, a permission is given, an input is corrected."""
    found = dead_reason(2, of_job("a", 2, done=1), reason=code, example=letter(code, error, **parameters))
    assert only(facts(dead_reasons=[found])).remedy.code == remedy


def test_the_last_lines_of_a_tool_stay_in_the_letter() -> None:
    """A front view has one line."""
    example = letter("other", "ToolFailed", text="ffmpeg ended with code 1", last_lines="a\nb")
    found = only(facts(dead_reasons=[dead_reason(1, of_job("a", 1, done=1), example=example)]))
    assert found.problem.text == "ToolFailed: ffmpeg ended with code 1"


def test_letters_without_a_readable_example_are_told_by_their_reason() -> None:
    """It may be gone by now."""
    found = only(facts(dead_reasons=[dead_reason(1, of_job("a", 1), example=None)]))
    assert found.problem.text == "given up for object_missing; their letters cannot be read"


def test_a_job_of_which_nothing_but_failures_come_is_the_trouble() -> None:
    """Its letters are not told twice; and with letters of others, those are told too."""
    job = of_job("a", 5)
    found = only(facts(dead_reasons=[dead_reason(5, job, reason="other", example=letter("other", "ToolFailed", text="x264"))]))
    assert texts(found) == (
        "job a fails",
        "no item of it is done, 5 were given up: x264",
        "look at one letter, then correct its input and requeue, or cancel the job",
    )
    assert found.target == {"job": "a", "reason": "other"}
    assert {Act.SEE_JOB, Act.TRY_TEN, Act.PAUSE_JOB, Act.CANCEL_JOB} <= set(found.acts)
    many = troubles_of(facts(dead_reasons=[dead_reason(500, of_job("a", 29), of_job("b", 1))]))
    assert {each.key for each in many} == {"job job=a", "letters reason=object_missing"}


@pytest.mark.parametrize(
    "jobs", [[of_job("a", 3, done=1)], [of_job("a", 2), of_job("b", 2)], [of_job("a", 2)], [of_job("a", 3, 90)]]
)
def test_a_job_that_also_works_or_fails_with_others_is_not_blamed(jobs: list[Any]) -> None:
    """Then the reason is elsewhere."""
    found = troubles_of(facts(dead_reasons=[dead_reason(sum(job.letters for job in jobs), *jobs)]))
    assert [each.key for each in found] == ["letters reason=object_missing"]


def test_attempts_that_mostly_fail_are_told_before_anything_is_given_up() -> None:
    """With the error of most of them."""
    errors = [letter("address_failed", "StorageUnavailable", uri="s3://b/k", problem=text).errors[0] for text in ("503", "502")]
    odd = letter("other", "ToolFailed", text="x").errors[0]
    retries = [Retry(JobId("a"), ItemId(f"0-{n}"), NOW_MS + n, error) for n, error in enumerate([odd, *errors])]
    found = only(facts(depth=depth(delayed=40, leased=2), retries=retries))
    assert texts(found)[:2] == (
        "40 items retried",
        "attempts fail and are repeated; the next in line for StorageUnavailable: s3://b/k: 503",
    )
    assert (found.remedy.code, found.next_ms) == ("do_mend_storage_soon", NOW_MS)
