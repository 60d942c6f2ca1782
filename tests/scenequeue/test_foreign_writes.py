"""No sequence of writes by somebody else stops the queue."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from scenequeue.errors import SceneburstError
from scenequeue.jobs.job import JobState, Lane
from tests.scenequeue.conftest import SERVERS, queue_on
from tests.scenequeue.jobs import submit
from tests.scenequeue.planting import JOB_FIELDS, TYPED, clear, start, steps, work_on

_names = st.sampled_from(
    [
        *TYPED,
        "job:victim:stage:0:render/1",
        "staging:x:0:render/1",
        "lane:urgent:render/1",
        "lane:bulk:render/1",
        "container:c2",
        "plan",
    ]
)


_words = st.sampled_from(
    ["", "x", "victim", "victim/0-2", "victim/0-0", "0-0 1 {}", "0-2", "abc", "-1", "nan", "1e400", b"\xff", "[", "{}"]
)


_fields = st.sampled_from(
    [*JOB_FIELDS, "state", "lane", "token", "container", "body", "weight_ms", "attempt", "owner", "fence", "x"]
)


_writes = st.one_of(
    st.tuples(st.just("set"), _names, _words),
    st.tuples(st.just("delete"), _names),
    st.tuples(st.just("hset"), _names, _fields, _words),
    st.tuples(st.just("hdel"), _names, _fields),
    st.tuples(st.just("rpush"), _names, _words),
    st.tuples(st.just("sadd"), _names, _words),
    st.tuples(st.just("zadd"), _names, st.dictionaries(_words, st.floats(allow_nan=False), min_size=1, max_size=3)),
)


@pytest.mark.parametrize("server", [name for name, binary in SERVERS.items() if binary])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_sequence_of_foreign_writes_stops_the_queue(server: str, servers: dict[str, str], data: st.DataObject) -> None:
    """Writes and steps in any order; what is submitted afterwards is done."""
    queue = queue_on(server, servers, "hostile")
    client, keys = queue._connection.client, queue._connection.keys
    try:
        held = start(queue)
        every = list(steps(queue, held))
        for _ in range(data.draw(st.integers(1, 12))):
            command, name, *rest = data.draw(_writes)
            with contextlib.suppress(Exception):
                getattr(client, command)(keys.of(name), *rest)
            with contextlib.suppress(SceneburstError):
                data.draw(st.sampled_from(every))()
        queue.operator.resume()
        queue.dispatcher.reclaim()
        submit(queue, "fresh", 3, 1, lane=Lane.BULK)
        work_on(queue, "c3")
        status = queue.producer.status("fresh")
        assert (status.state, status.counts.done, status.counts.total) == (JobState.DONE, 4, 4)
    finally:
        clear(queue)
        queue.close()
