"""Two structures of one queue, and what is in them."""

from typing import Any

from scenequeue.queue import SceneQueue

OLDER, NEWER = 2, 3


def ids(leases: list[Any]) -> list[str]:
    return [lease.job_id for lease in leases]


def contents(queue: SceneQueue, structure: int) -> dict[str, Any]:
    """All keys of one structure with what they hold."""
    client, keys = queue._connection.client, queue._connection.of(structure).keys
    read = {
        "hash": client.hgetall,
        "string": client.get,
        "set": client.smembers,
        "list": lambda key: client.lrange(key, 0, -1),
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "stream": client.xrange,
    }
    return {key: read[client.type(key)](key) for key in client.scan_iter(match=keys.structure.replace("{", "\\{") + "*")}
