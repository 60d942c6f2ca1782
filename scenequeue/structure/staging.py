"""Uploads the items of one submission to Redis, where they are invisible until the last step."""

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scenequeue.jobs.job import JobSpec
from scenequeue.structure.connection import Connection

#: Staging lists expire when nothing has been added for this time: the program that uploads has ended.
_STAGING_TTL_S = 3600


@dataclass
class _List:
    """The items of one stage and need."""

    size: int = 0
    weight_ms: int = 0
    #: Number of items in its staging list.
    staged: int = 0
    #: The last items, which are not in the staging list; submit.lua gets them as arguments.
    held: list[str] = field(default_factory=list)


class Upload:
    """Holds items back for the last step as long as it can take them all; earlier ones go to staging lists."""

    def __init__(self, connection: Connection, limit: int, on_progress: Callable[[int], None] | None) -> None:
        """Args:
        connection: to the queue.
        limit: maximum number of items that a step takes.
        on_progress: called with the number of items added so far.
        """
        self._connection, self._limit = connection, limit
        self._on_progress = on_progress or (lambda _: None)
        self._nonce = secrets.token_hex(8)
        #: Items per stage so far.
        self.sizes: list[int] = []
        #: Stage and need -> facts about their list, in the order of stages.
        self._lists: dict[tuple[int, str], _List] = {}
        self._held_count = 0

    def open_stage(self) -> None:
        """Begin the next stage."""
        self.sizes.append(0)

    def add(self, need: str, elements: list[str], weight_ms: int) -> None:
        """Add list elements of the present stage.

        Args:
            need: of all of them.
            elements: "<item id> <weight ms> <json>" each.
            weight_ms: their sum.
        """
        if self._held_count + len(elements) > self._limit:
            self._stage_held()
        mine = self._lists.setdefault((len(self.sizes) - 1, need), _List())
        mine.held += elements
        mine.size += len(elements)
        mine.weight_ms += weight_ms
        self._held_count += len(elements)
        self.sizes[-1] += len(elements)
        self._on_progress(sum(self.sizes))

    def first_needs(self) -> tuple[str, ...]:
        """Return the needs of the first stage's items, which become ready with the last step."""
        return tuple(sorted(need for stage, need in self._lists if stage == 0))

    def commit(self, spec: JobSpec, digest: str, backlog_limit: int | None) -> tuple[str, int]:
        """Make the job visible by submit.lua; returns its answer, and the time of submission (ms)."""
        fields: list[str | int] = [
            *("max_attempts", spec.max_attempts),
            *("options", json.dumps(spec.options, separators=(",", ":"))),
            *("callback_url", spec.callback_url or "", "labels", json.dumps(spec.labels)),
        ]
        indexed = [f"{name}={value}" for name, value in spec.labels.items() if name in self._connection.indexed_labels]
        if indexed:
            fields += ["indexed", "\n".join(indexed)]
        if spec.work_folder:
            fields += ["work_folder", spec.work_folder]
        if spec.wishes is not None:
            fields += ["wishes", spec.wishes.model_dump_json(exclude_none=True)]
        limit = -1 if backlog_limit is None else backlog_limit
        about = (spec.job_id, self._nonce, digest, limit, spec.lane.value, len(self.sizes))
        elements = [element for mine in self._lists.values() for element in mine.held]
        words = (*about, *self._described(), len(fields) // 2, *fields, *elements)
        answer, created_ms = self._connection.run_on_all("submit", *words)
        return str(answer), int(created_ms)

    def discard(self) -> None:
        """Delete the staging lists."""
        keys = self._connection.keys
        staged = [keys.staging(self._nonce, stage, need) for (stage, need), mine in self._lists.items() if mine.staged]
        if staged:
            # An error here is ignored: the lists expire by themselves, and the caller reports the error that led here.
            with contextlib.suppress(Exception):
                self._connection.client.unlink(*staged)

    def _described(self) -> Iterator[str | int]:
        """Yield, for each stage: number of its needs; then for each need: its name, items, weight, and items held back."""
        for stage in range(len(self.sizes)):
            lists = [(need, mine) for (number, need), mine in self._lists.items() if number == stage]
            yield len(lists)
            for need, mine in lists:
                yield from (need, mine.size, mine.weight_ms, len(mine.held))

    def _stage_held(self) -> None:
        """Move all items that are held back to their staging lists."""
        for (stage, need), mine in self._lists.items():
            if mine.held:
                # Counted before it is certain, so that `discard` also finds a list that an error has left.
                before, mine.staged = mine.staged, mine.staged + len(mine.held)
                self._connection.run("append", self._nonce, stage, need, before, _STAGING_TTL_S, *mine.held)
                mine.held = []
        self._held_count = 0
