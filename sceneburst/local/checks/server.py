"""Checks the queue's Redis: it answers, and keeps its data."""

import time
from collections.abc import Callable, Iterator

from sceneburst.local.checks.codes import Code
from sceneburst.local.checks.finding import Check, doubtful, good, wrong
from scenequeue.errors import QueueUnavailable, SettingsError
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from scenequeue.structure.redis_health import describe_server, find_problems

#: A larger difference means that the clock is not synchronised. S3 refuses requests signed 15 minutes off.
_MAX_SKEW_S = 30.0


def server(settings: ProducerSettings, clock: Callable[[], float] = time.time) -> Iterator[Check]:
    """Connect to the server that SCENEBURST_REDIS_URL names, and check its INFO.

    Args:
        settings: contain its address.
        clock: Unix seconds of this machine.
    """
    queue = SceneQueue(settings)
    try:
        try:
            queue.ping()
        except (QueueUnavailable, SettingsError) as error:
            mend = f"start it, or correct {settings.name_of('redis_url')} and SCENEBURST_REDIS_PASSWORD"
            yield wrong(error.reason, "redis", mend)
            return
        yield from _judged(queue)
        lead_s = clock() - queue.inspect.now_ms() / 1000
        if abs(lead_s) > _MAX_SKEW_S:
            mend = "let NTP keep both; from 900 s on, S3 refuses what is signed here"
            yield wrong(Code.CLOCK_DIFFERS, "clock", mend, lead_s=lead_s)
        else:
            yield good(Code.CLOCK_FOLLOWS, "clock")
        if queue.inspect.plan() is None:
            yield doubtful(Code.DISPATCHER_ABSENT, "dispatcher", "start one: sceneburst dispatcher")
        else:
            yield good(Code.DISPATCHER_ACTS, "dispatcher")
    finally:
        queue.close()


def _judged(queue: SceneQueue) -> Iterator[Check]:
    try:
        info = queue.inspect.server()
    except SettingsError as error:
        mend = "give the user its rules anew, as `sceneburst acl` prints them; they hold INFO"
        yield doubtful(Code.REDIS_UNEXAMINED, "redis", mend, url=queue.url, problem=error.reason)
        return
    problems = find_problems(info)
    if not problems:
        yield good(Code.REDIS_FOUND, "redis", url=queue.url, server=describe_server(info))
    for problem in problems:
        if problem.name == "persistence" and queue.inspect.is_transient():
            mend = "keep it from one run to the next with `sceneburst up --data FOLDER`"
            yield doubtful(Code.QUEUE_ENDS_WITH_UP, "redis persistence", mend)
        else:
            yield wrong(problem.finding, f"redis {problem.name}", problem.remedy.text)
