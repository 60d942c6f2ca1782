"""Reads the state of the queue around work that waits, and the pause that holds all of it back."""

from collections.abc import Callable, Sequence

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Depth, Pause
from scenequeue.jobs.waiting_reason import Surroundings
from scenequeue.ports.steering.pauses import PAUSE_FIELDS, pauses_in, read_pauses
from scenequeue.published.plan import plan_from
from scenequeue.structure.connection import Connection


def read_surroundings(connection: Connection, containers: Callable[[], Sequence[ContainerRecord]]) -> Surroundings:
    """Return the state of the queue around waiting work. Cost: one round trip, and three more if no dispatcher acts.

    Args:
        connection: to the queue.
        containers: lists them; called only without an active dispatcher.
    """
    with connection.translated():
        pipeline = connection.client.pipeline(transaction=False)
        pipeline.hmget(connection.keys.control, PAUSE_FIELDS)
        pipeline.get(connection.keys.plan)
        texts, text = connection.answers(pipeline)
    structures, pauses = [each.structure for each in connection.all], pauses_in(texts or ())
    if text:
        return Surroundings(pauses, plan_from(text), structures=structures)
    return Surroundings(pauses, None, containers(), connection.now_ms(), structures)


def find_holding(connection: Connection, depth: Depth, pauses: Sequence[Pause]) -> Pause | None:
    """Return one of the pauses of lanes and jobs if they hold back all that is ready; else None.

    Args:
        connection: to the queue.
        depth: its numbers.
        pauses: those of everything and of lanes.
    """
    if not depth.counts.ready or depth.paused_items < depth.counts.ready:
        return None
    waiting = {f"lane={lane.value}" for lane, ready in depth.ready_by_lane.items() if ready}
    of_jobs = (pause for pause in read_pauses(connection, 1) if pause.about.startswith("job="))
    return next((pause for pause in pauses if pause.about in waiting), None) or next(of_jobs, None)
