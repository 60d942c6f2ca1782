"""Working folders that could not be removed are tried again, ever more seldom."""

from dispatcher.decisions.folder_retries import MAX_PLACE_PAUSE_S, MAX_REFUSALS, FolderRetries
from scenequeue.jobs.transcode.working_folder import WorkFolder

_FOLDER, _OTHER = WorkFolder("a", "s3://one/.sceneburst/a"), WorkFolder("b", "s3://one/.sceneburst/b")


def test_a_place_that_does_not_answer_rests_longer_each_time_until_it_answers() -> None:
    """And no other place rests with it."""
    retries, now_s, pauses = FolderRetries(), 0.0, []
    for _ in range(9):
        pauses.append(retries.note_failure("s3://one", now_s))
        assert retries.pause_left_s("s3://one", now_s + 1) == pauses[-1] - 1
        now_s += pauses[-1]
        assert retries.pause_left_s("s3://one", now_s) == 0
    assert pauses[:3] == [60, 120, 240]
    assert pauses[-1] == MAX_PLACE_PAUSE_S
    assert retries.pause_left_s("s3://two", now_s) == 0
    retries.note_success("s3://one", _FOLDER)
    assert retries.note_failure("s3://one", now_s) == 60


def test_a_folder_that_may_not_be_removed_is_given_up_after_days_and_its_place_never_rests() -> None:
    """Another folder of the same bucket may be allowed."""
    retries = FolderRetries()
    pauses = [retries.note_refusal("s3://one", _FOLDER) for _ in range(MAX_REFUSALS)]
    assert pauses[:3] == [60, 120, 240]
    assert pauses[-1] is None
    assert 5 * 86_400 < sum(pause for pause in pauses if pause) < 7 * 86_400
    assert retries.pause_left_s("s3://one", 0) == 0
    assert retries.note_refusal("s3://one", _OTHER) == 60


def test_a_folder_that_was_removed_after_all_begins_anew() -> None:
    """Its job's next one may be refused again."""
    retries = FolderRetries()
    retries.note_refusal("s3://one", _FOLDER)
    retries.note_success("s3://one", _FOLDER)
    assert retries.note_refusal("s3://one", _FOLDER) == 60
