"""Checks the Redis server when a program starts."""

import structlog

from scenequeue.errors import SettingsError
from scenequeue.queue import SceneQueue
from scenequeue.structure.redis_health import find_problems


def warn_of_problems(queue: SceneQueue) -> None:
    """Log a warning for each problem of the server, with the setting to change.

    Raises:
        QueueUnavailable: transient; Redis does not answer.
        SettingsError: Redis refuses the login.
    """
    log = structlog.get_logger()
    queue.ping()
    try:
        info = queue.inspect.server()
    except SettingsError as error:
        log.warning("redis not checked: its user may not read INFO; update the ACL rules", error=error)
        return
    is_transient = queue.inspect.is_transient()
    for problem in find_problems(info):
        if problem.name == "persistence" and is_transient:
            continue
        log.warning("redis problem", problem=problem.name, advice=problem.reason)
