"""Each role may call the methods that are listed here, and no other: a call that is refused changes nothing."""

import pytest
import redis

from scenequeue.errors import SettingsError
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.acl import ROLES, Role, rules
from tests.scenequeue.conftest import SERVERS, queue_on
from tests.scenequeue.structure.port_calls import PORTS, World, methods_of

#: Who may call the methods of a port.
_MAY: dict[str, set[Role]] = {
    "producer": {*ROLES},
    # Dispatchers and operators end leases too: of containers that are lost, or are to drain.
    "worker": {"worker", "dispatcher", "operator"},
    "dispatcher": {"dispatcher"},
    "operator": {"operator"},
    "inspect": {*ROLES},
    "access": {"operator"},
}
#: The methods that are different.
_EXCEPT: dict[str, set[Role]] = {
    "producer.submit": {"producer"},
    "producer.writing": {"producer"},
    "producer.cancel": {"producer", "operator"},
    "worker.wait_for_work": {"worker"},
    "worker.log": {"worker"},
    "dispatcher.reclaim": {"worker", "dispatcher", "operator"},
    "dispatcher.rates": {"worker", "dispatcher", "operator"},
    "inspect.rates": {"worker", "dispatcher", "operator"},
    "inspect.leased": {"worker", "dispatcher", "operator"},
    "inspect.held_by": {"worker", "dispatcher", "operator"},
    "inspect.stuck_items": {"worker", "dispatcher", "operator"},
    "inspect.decisions": {"dispatcher", "operator"},
    "access.all_keys": {"producer", "operator"},
    "inspect.acts": {"operator"},
    "inspect.find_acts": {"operator"},
    "inspect.find_jobs": {"operator"},
    "inspect.limits": {"dispatcher", "operator"},
    "inspect.settings": {"dispatcher", "operator"},
    "inspect.has_dispatcher": {"dispatcher", "operator"},
    "inspect.dead_reasons": {"operator"},
    "inspect.history": {"dispatcher", "operator"},
}
#: Whoever has the token of a lease, or the id of a job or a container, may use these.
_OPEN = {
    *("worker.begin", "worker.note", "worker.options", "operator.mark_transient", "dispatcher.record_launched"),
    *("dispatcher.wished", "dispatcher.due_notices", "dispatcher.claim_notice", "dispatcher.settle_notice"),
}


def _content(raw: redis.Redis, namespace: str) -> dict[bytes, bytes | None]:
    keys = sorted(raw.scan_iter(match=f"{{{namespace}}}*", count=1000))
    pipeline = raw.pipeline(transaction=False)
    for key in keys:
        pipeline.dump(key)
    return dict(zip(keys, pipeline.execute(), strict=True))


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", SERVERS, indirect=True)
def test_a_role_may_call_what_is_listed_and_what_is_refused_changes_nothing(
    kind: str, servers: dict[str, str], namespace: str, role: Role, port: str
) -> None:
    """Every public method of every port, under the Redis user of every role."""
    raw = redis.Redis.from_url(servers[kind])
    raw.execute_command("ACL", "SETUSER", namespace, "on", ">word", *rules(role, namespace))
    url = servers[kind].replace("unix://", f"unix://{namespace}:word@")
    queue, whole = SceneQueue(SceneburstSettings.load(redis_url=url, namespace=namespace)), queue_on(kind, servers, namespace)
    called = set()
    for method, call in PORTS[port](World(whole)):
        called.add(method)
        if f"{port}.{method}" in _OPEN or role in _EXCEPT.get(f"{port}.{method}", _MAY[port]):
            call(queue)
            continue
        before = _content(raw, namespace)
        with pytest.raises(SettingsError, match="the right role"):
            call(queue)
        assert _content(raw, namespace) == before, f"{port}.{method} was refused half-way"
    assert called == methods_of(whole, port)
    raw.execute_command("ACL", "DELUSER", namespace)
    for each in (queue, whole, raw):
        each.close()
