"""Names the needs that a container serves as the asking dispatcher calls them: by the structures of the queue that both know."""

from collections.abc import Sequence

from dispatcher.decisions.planning.coverage import Serves
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.need import need_in, split_need


def served_by(record: ContainerRecord, structures: Sequence[int]) -> Serves:
    """Needs that a container serves: those that it has said; before its hello, those that it was launched for.

    Args:
        record: the container.
        structures: those that the dispatcher looks at, newest first.

    Returns:
        Each need in each structure that both look at; None where nothing is known: it is taken to serve all that waits.
    """
    if not record.serves:
        return launched_for(record, structures) if record.needs else None
    theirs = record.structures.split()
    both = [structure for structure in structures if str(structure) in theirs]
    return frozenset(need_in(need, structure, structures[0]) for need in record.serves.split() for structure in both)


def launched_for(record: ContainerRecord, structures: Sequence[int]) -> frozenset[str]:
    """Needs that a container was launched for, of the structures that this dispatcher looks at.

    Only before its hello: they are named by the structures of the dispatcher that launched it.
    """
    theirs = record.structures.split()
    if not theirs or not theirs[0].isdecimal():
        return frozenset()
    asked = (split_need(need, int(theirs[0])) for need in record.needs.split())
    return frozenset(need_in(need, structure, structures[0]) for need, structure in asked if structure in structures)
