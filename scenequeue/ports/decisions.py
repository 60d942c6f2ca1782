"""Reads the dispatcher's decisions, with what became of the containers that they launched."""

from itertools import islice

from scenequeue.jobs.ids import ContainerId
from scenequeue.published.decision import Decision, LaunchedContainer, Order, decision_from
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import container_from, whole_number

#: Containers whose records one call reads, those of the newest decisions.
_MAX_RECORDS = 500


def read_decisions(connection: Connection, limit: int) -> list[Decision]:
    """Return the newest decisions, newest first; about 1,000 are kept, for 90 days after the last.

    Cost: two round trips, of O(decisions) and O(containers that they launched, at most 500).
    """
    entries = connection.answer("xrevrange", connection.keys.decisions, "+", "-", count=limit) or []
    found = [decision_from(whole_number(entry_id.partition("-")[0]), fields.get("decision", "")) for entry_id, fields in entries]
    ids = [name for decision in found for order in decision.orders for name in order.container_ids]
    wanted = list(islice(dict.fromkeys(ids), _MAX_RECORDS))
    hashes = connection.hashes([connection.keys.container(name) for name in wanted])
    records = {name: container_from(name, fields) for name, fields in zip(wanted, hashes, strict=True) if fields}

    def launched(order: Order, name: ContainerId) -> LaunchedContainer:
        return LaunchedContainer(name, order.batch, order.vcpu, order.memory_mib, records.get(name))

    return [
        decision._replace(launched=tuple(launched(order, name) for order in decision.orders for name in order.container_ids))
        for decision in found
    ]
