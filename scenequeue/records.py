"""Hashes as Redis returns them, read into models."""

import json
from collections.abc import Mapping

from scenequeue.items import ContainerRecord, Counts, JobState, JobStatus, Lane
from scenequeue.names import JobId
from scenequeue.options import RenderOptions

_STATES = tuple(Counts.model_fields)
_BOOLEANS = frozenset({"is_spot", "is_draining"})


def counts_from(fields: Mapping[str, str]) -> Counts:
    """The counters of a job's or the queue's hash."""
    return Counts(**{state: int(fields.get(state, 0)) for state in _STATES})


def job_from(job_id: str, fields: Mapping[str, str]) -> JobStatus:
    """A job's hash as its status."""
    return JobStatus(
        job_id=JobId(job_id),
        state=JobState(fields["state"]),
        lane=Lane(fields["lane"]),
        counts=counts_from(fields),
        created_ms=int(fields["created_ms"]),
        finished_ms=int(fields["finished_ms"]) if "finished_ms" in fields else None,
        stage=int(fields["stage"]),
        stages=int(fields["stages"]),
        options=RenderOptions.model_validate_json(fields["options"]),
        callback_url=fields["callback_url"] or None,
        labels=json.loads(fields["labels"]),
        max_attempts=int(fields["max_attempts"]),
    )


def container_from(fields: Mapping[str, str]) -> ContainerRecord:
    """A container's hash as its record; fields of a newer version are left aside."""
    known = {name: value for name, value in fields.items() if name in ContainerRecord.model_fields}
    progress = json.loads(known.pop("progress", "{}"))
    return ContainerRecord.model_validate({**known, "progress": progress})


def container_fields(record: ContainerRecord, names: frozenset[str]) -> dict[str, str]:
    """Some fields of a record as strings for a hash."""
    out = {}
    for name in names:
        value = getattr(record, name)
        if name == "progress":
            out[name] = json.dumps(value, separators=(",", ":"))
        elif name in _BOOLEANS:
            out[name] = "1" if value else "0"
        else:
            out[name] = str(value)
    return out
