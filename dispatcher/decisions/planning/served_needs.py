"""Returns the needs that a container serves, in the names of this dispatcher, which depend on the structures that both know."""

from collections.abc import Sequence

from dispatcher.decisions.planning.coverage import Serves
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.need import need_in, split_need


def served_by(record: ContainerRecord, structures: Sequence[int]) -> Serves:
    """Return the needs that a container serves: those that it reported, or before its hello those that it was launched for.

    Args:
        record: the container.
        structures: structures that the dispatcher serves, newest first.

    Returns:
        Each need in each structure that both serve; None if nothing is known, which counts as all needs.
    """
    if not record.serves:
        return launched_for(record, structures) if record.needs else None
    theirs = record.structures.split()
    both = [structure for structure in structures if str(structure) in theirs]
    return frozenset(need_in(need, structure, structures[0]) for need in record.serves.split() for structure in both)


def launched_for(record: ContainerRecord, structures: Sequence[int]) -> frozenset[str]:
    """Return the needs that a container was launched for, in the structures that this dispatcher serves.

    Used only before its hello: the needs are named by the structures of the dispatcher that launched it.
    """
    theirs = record.structures.split()
    if not theirs or not theirs[0].isdecimal():
        return frozenset()
    asked = (split_need(need, int(theirs[0])) for need in record.needs.split())
    return frozenset(need_in(need, structure, structures[0]) for need, structure in asked if structure in structures)
