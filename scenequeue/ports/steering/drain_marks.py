"""Shows containers that were asked to drain as draining, before they learn it at their next beat."""

from collections.abc import Sequence

from scenequeue.errors import SettingsError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.reasons import Code, Reason
from scenequeue.structure.connection import Connection


def with_drain_marks(connection: Connection, records: Sequence[ContainerRecord]) -> list[ContainerRecord]:
    """Return the records, with those that are marked to drain as draining. For people: the reaper goes by the beats alone.

    Cost: one round trip.
    """
    unaware = [record for record in records if not record.has_ended and not record.is_draining]
    if not unaware:
        return [_marked(each, None) for each in records]
    try:
        with connection.translated():
            pipeline = connection.client.pipeline(transaction=False)
            for record in unaware:
                pipeline.get(connection.keys.drain(record.container_id))
            answers = connection.answers(pipeline)
    except SettingsError:
        # Users of producers may list containers, but not read the marks.
        return [_marked(each, None) for each in records]
    marks: dict[str, str] = {record.container_id: by for record, by in zip(unaware, answers, strict=True) if by is not None}
    return [_marked(each, marks.get(each.container_id)) for each in records]


def _marked(record: ContainerRecord, by: str | None) -> ContainerRecord:
    """Return the record as marked.

    Args:
        record: of the container.
        by: the operator who asked for its drain, "" for a program; None if there is no mark that the container does not know.
    """
    if record.stop_ms and not record.has_ended:
        why = _stop_asked(record)
    elif by is None:
        return record
    else:
        why = Reason(Code.DRAIN_ASKED_BY, {"by": by}) if by else Reason(Code.DRAIN_ASKED)
    # Before its first beat a container is not at work, and stays shown as starting.
    state = "draining" if record.state == "running" else record.state
    return record.model_copy(update={"state": state, "is_draining": True, "remark": why})


def _stop_asked(record: ContainerRecord) -> Reason:
    if not record.stop_why:
        return Reason(Code.STOP_ASKED_BY, {"by": record.stop_by})
    return Reason(Code.STOP_ASKED_BY_BECAUSE, {"by": record.stop_by, "why": record.stop_why})
