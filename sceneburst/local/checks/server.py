"""Checks the queue's Redis: it answers, and keeps its data."""

import time
from collections.abc import Callable, Iterator

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
            yield wrong(
                "redis", str(error), f"start it, or correct {settings.name_of('redis_url')} and SCENEBURST_REDIS_PASSWORD"
            )
            return
        yield from _judged(queue)
        lead_s = clock() - queue.inspect.now_ms() / 1000
        if abs(lead_s) > _MAX_SKEW_S:
            said = f"this machine's clock is {lead_s:+.0f} s from that of Redis"
            yield wrong("clock", said, "let NTP keep both; from 900 s on, S3 refuses what is signed here")
        else:
            yield good("clock", "as that of Redis, within half a minute")
        if queue.inspect.plan() is None:
            yield doubtful("dispatcher", "none has acted in the last minute", "start one: sceneburst dispatcher")
        else:
            yield good("dispatcher", "acts")
    finally:
        queue.close()


def _judged(queue: SceneQueue) -> Iterator[Check]:
    try:
        info = queue.inspect.server()
    except SettingsError as error:
        mend = "give the user its rules anew, as `sceneburst acl` prints them; they hold INFO"
        yield doubtful("redis", f"{queue.url} answers, but may not be looked into: {error}", mend)
        return
    problems = find_problems(info)
    if not problems:
        yield good("redis", f"{queue.url}: {describe_server(info).text}")
    for problem in problems:
        if problem.name == "persistence" and queue.inspect.is_transient():
            said = "the queue of `sceneburst up` ends with it"
            yield doubtful("redis persistence", said, "keep it from one run to the next with `sceneburst up --data FOLDER`")
        else:
            yield wrong(f"redis {problem.name}", problem.finding.text, problem.remedy.text)
