"""The stages of a job with what is known of each, and when the job will be done."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sceneburst.page.languages import msgid
from scenequeue.jobs.job import JobState, JobStatus
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.item_listing import LeasedItem

_OF_SCENES = (msgid("scenes"), msgid("film"))
_OF_TRANSCODING = (msgid("probe"), msgid("encode, sound, subtitles"), msgid("join"), msgid("verify"))
_OTHER = msgid("items")


class Stage(NamedTuple):
    """One stage of a job."""

    title: str
    #: done, now, or later.
    state: str
    done: int
    failed: int
    in_work: int


class Forecast(NamedTuple):
    """The time at which a job will be done."""

    #: Seconds from now; None if that is unknown.
    left_s: float | None
    #: Word for the reason that it is unknown, or for what is not in it.
    about: str


def titles_of(job: JobStatus) -> tuple[str, ...]:
    """Return the names of a job's stages."""
    named = _OF_SCENES if job.is_of_scenes else _OF_TRANSCODING if job.stages == len(_OF_TRANSCODING) else ()
    return tuple(named[at] if at < len(named) else _OTHER for at in range(min(job.stages, 20)))


def stages_of(job: JobStatus, results: Sequence[ItemResult], leased: Sequence[LeasedItem]) -> list[Stage]:
    """Return the stages, with the numbers of those items that are given."""
    ended = Counter((stage_of(each.item_id), each.state) for each in results)
    in_work = Counter(stage_of(each.item_id) for each in leased)
    is_over = job.state is not JobState.ACTIVE
    found = []
    for at, title in enumerate(titles_of(job)):
        is_reached = at < job.stage or (is_over and at <= job.stage)
        state = "done" if is_reached else "now" if at == job.stage and not is_over else "later"
        found.append(Stage(title, state, ended[at, "done"], ended[at, "dead"], in_work[at]))
    return found


def stage_of(item_id: str) -> int:
    """Return the number of an item's stage."""
    number = item_id.partition("-")[0]
    return int(number) if number.isdecimal() and len(number) < 5 else 0


def forecast(
    job: JobStatus, results: Sequence[ItemResult], leased: Sequence[LeasedItem], rates: Mapping[str, float], now_ms: int
) -> Forecast:
    """Estimate when a job will be done: what is left, at the pace of its items so far, on as many slots as now.

    Args:
        job: the job.
        results: of its items, some or all.
        leased: its items in work.
        rates: measured seconds of work for a unit of weight, by need.
        now_ms: Redis clock.
    """
    left = job.counts.total - job.counts.done - job.counts.dead - job.counts.dropped
    if job.state is not JobState.ACTIVE or left <= 0:
        return Forecast(None, "ended")
    if not leased:
        return Forecast(None, "nothing_in_work")
    times = [each.processing_s for each in results if each.processing_s and stage_of(each.item_id) == job.stage]
    times = times or [rates[each.need] * each.weight for each in leased if each.need in rates]
    if not times:
        return Forecast(None, "no_rate")
    mean_s = sum(times) / len(times)
    spent_s = sum(max(0, now_ms - each.begun_ms) / 1000 for each in leased if each.begun_ms)
    still_s = max(mean_s * left - min(spent_s, mean_s * len(leased)), mean_s * left / 20)
    slots = min(len(leased), left)
    left_s = max(still_s / slots, mean_s * math.ceil(left / slots) / 4)
    return Forecast(left_s, "later_stages" if job.stage + 1 < job.stages else "")
