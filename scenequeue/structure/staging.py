"""One submission's items on their way into Redis, invisible until the last step."""

import contextlib
import json
import secrets
from collections.abc import Callable

from scenequeue.jobs.job import JobSpec
from scenequeue.structure.connection import Connection

#: An upload that stops for so long has died; its staging lists expire.
_STAGING_TTL_S = 3600


class Upload:
    """Holds items back for the last step while they fit into it; what does not fit goes to staging lists before."""

    def __init__(self, connection: Connection, limit: int, on_progress: Callable[[int], None] | None) -> None:
        """Args:
        connection: where to.
        limit: how many items a step takes at most (count).
        on_progress: called with the number of items added so far.
        """
        self._connection, self._limit = connection, limit
        self._on_progress = on_progress or (lambda _: None)
        self._nonce = secrets.token_hex(8)
        #: Items per stage so far, what they weigh, and how many of them are in a staging list.
        self.sizes: list[int] = []
        self._weights_ms: list[int] = []
        self._staged: list[int] = []
        #: Stage and elements of what is held back; the elements of a stage are its last.
        self._held: list[tuple[int, list[str]]] = []

    def open_stage(self) -> None:
        """The items that follow belong to one stage more."""
        self.sizes.append(0)
        self._weights_ms.append(0)
        self._staged.append(0)

    def add(self, elements: list[str], weight_ms: int) -> None:
        """More list elements of the present stage, and what they weigh together."""
        if sum(self.sizes) - sum(self._staged) + len(elements) > self._limit:
            self._stage_held()
        self._held.append((len(self.sizes) - 1, elements))
        self.sizes[-1] += len(elements)
        self._weights_ms[-1] += weight_ms
        self._on_progress(sum(self.sizes))

    def commit(self, spec: JobSpec, digest: str, backlog_limit: int | None) -> tuple[str, int]:
        """Make the job visible; what submit.lua answers."""
        along = [size - staged for size, staged in zip(self.sizes, self._staged, strict=True)]
        stages = [number for stage in zip(self.sizes, self._weights_ms, along, strict=True) for number in stage]
        fields: list[str | int] = [
            *("lane", spec.lane.value, "max_attempts", spec.max_attempts),
            *("options", json.dumps(spec.options, separators=(",", ":"))),
            *("callback_url", spec.callback_url or "", "labels", json.dumps(spec.labels)),
        ]
        if spec.wishes is not None:
            fields += ["wishes", spec.wishes.model_dump_json(exclude_none=True)]
        about = (spec.job_id, self._nonce, digest, -1 if backlog_limit is None else backlog_limit, len(self.sizes))
        elements = (element for _, held in self._held for element in held)
        answer, created_ms = self._connection.run("submit", *about, *stages, len(fields) // 2, *fields, *elements)
        return str(answer), int(created_ms)

    def discard(self) -> None:
        """Take back what was uploaded; nobody has seen it."""
        staged = [self._connection.keys.staging(self._nonce, stage) for stage, count in enumerate(self._staged) if count]
        if staged:
            # They expire by themselves; the first error is the one to report.
            with contextlib.suppress(Exception):
                self._connection.client.unlink(*staged)

    def _stage_held(self) -> None:
        for stage, elements in self._held:
            # Counted before it is certain, so that `discard` finds what an error has left.
            before = self._staged[stage]
            self._staged[stage] += len(elements)
            self._connection.run("append", self._nonce, stage, before, _STAGING_TTL_S, *elements)
        self._held = []
