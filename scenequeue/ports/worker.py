"""Steps of a container worker: lease items, keep the leases, and end them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from scenequeue.backoff import doubled, jittered
from scenequeue.errors import BadInput, GrowthRefused, LeaseLost, refused_field, several
from scenequeue.jobs.item import ItemState, Lease, WorkItem
from scenequeue.jobs.need import known_needs
from scenequeue.jobs.options import JobOptions, job_options_from
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.container_reports import ContainerReports
from scenequeue.ports.growth import stage_growth
from scenequeue.ports.job_lookup import job_not_found
from scenequeue.reasons import Code, Reason
from scenequeue.reasons.stored import reason_words
from scenequeue.structure.connection import Connection
from scenequeue.structure.lease_messages import (
    leases_from,
    results_message,
)
from scenequeue.structure.lease_steps import by_structure, refused_of, run_on_leases

#: Pause before another attempt: doubles from the first to the last.
_INITIAL_RETRY_S = 1.0
_MAX_RETRY_S = 60.0
#: An item's journal, names and values together.
MAX_JOURNAL_BYTES = 65_536


class WorkerPort(ContainerReports):
    """Every end of a lease is fenced by its token and its container: a stale one changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lease(
        self,
        container_id: str,
        count: int,
        lease_s: float | None = None,
        *,
        begins_now: bool = True,
        call: str | None = None,
        serves: Sequence[str] | None = None,
        bell: str = "",
    ) -> list[Lease]:
        """Take up to `count` items that this container can do, the most urgent lane first, jobs of a lane in turns.

        Args:
            container_id: the container that takes them.
            count: how many at most.
            lease_s: how long the lease lasts; None is the setting's.
            begins_now: False for items that are first prepared: until `begin` is called for one, losing the
                container does not count as its attempt, so that a poison item takes no neighbour along.
            call: one `new_request_id()` per call that was answered: made again with the same one after an error, the call
                returns what it has taken already, if it has. None is a new one.
            serves: the needs of the items that the container can do; None means those of all known kinds.
            bell: the answer of the `wait_for_work` before, if any: that bell is hung up again where work is left.

        Returns:
            Leases; none when nothing is ready, the queue is paused, or this container is to drain.

        Guarantees: atomic. A crash after it costs one lease time, and the attempt counts. An element of a foreign
        producer that is no item becomes a dead letter here, and takes none of its neighbours along.
        """
        asked = self._asked(count, lease_s, bell, serves, call=call, begins_now=begins_now)
        return self._leases(container_id, self._connection.run_on_all("lease", container_id, *asked))

    def exchange(
        self,
        container_id: str,
        finished: Sequence[tuple[Lease, ItemResult]],
        count: int,
        lease_s: float | None = None,
        *,
        serves: Sequence[str] | None = None,
        bell: str = "",
    ) -> tuple[list[Lease], list[Lease]]:
        """Hand results in and take the next items, whose work begins now, in one step.

        Returns:
            The leases whose result was refused, and the new ones.

        Guarantees: atomic, and those of `ack` and of `lease`: after an error, acking again is safe. Results of items of older
        structures are handed in by steps of their own before.
        """
        asked = self._asked(count, lease_s, bell, serves)
        older: list[Lease] = []
        if self._connection.older:
            of_older = [each for each in finished if self._connection.of(each[0].structure) is not self._connection]
            older = self.ack(container_id, of_older)
            finished = [each for each in finished if self._connection.of(each[0].structure) is self._connection]
        words = (len(finished), *results_message(finished), *asked)
        refused, answer = self._connection.run_on_all("exchange", container_id, *words)
        return older + refused_of([lease for lease, _ in finished], refused), self._leases(container_id, answer)

    def begin(self, container_id: str, lease: Lease) -> None:
        """Say that work on a lease begins, when it was taken with `begins_now=False`. Idempotent.

        Raises:
            LeaseLost: it must not begin: another container has the item, or its job was cancelled.
        """
        if not self._connection.of(lease.structure).run("begin", container_id, lease.job_id, lease.item_id, lease.token):
            raise LeaseLost(Code.LEASE_STALE, item=f"{lease.job_id}/{lease.item_id}")

    def wait_for_work(self, timeout_s: float, serves: Sequence[str] | None = None) -> str:
        """Block until the bell of a need rings in any structure, at most 5 seconds, and take it: one submit wakes one worker.

        Args:
            timeout_s: how long; at least 10 ms.
            serves: as for `lease`.

        Returns:
            The need whose bell it was, as `Connection.need` names it, for `lease` to hang it up again; "" where none rang in
            time. A worker that dies with a bell in hand delays others by a second at most, as all look by themselves too.
        """
        needs = known_needs() if serves is None else serves
        bells = {each.keys.bell(need): each.need(need) for each in self._connection.all for need in needs}
        rung = self._connection.wait([*bells], timeout_s) if bells else None
        return bells[rung] if rung else ""

    def options(self, job_id: str, structure: int = 0) -> JobOptions:
        """Return the options that the items of a leased item's job share, by kind.

        Args:
            job_id: the lease's.
            structure: the lease's.

        Raises:
            JobNotFound: it has expired.
            BadInput: they cannot be read.
        """
        connection = self._connection.of(structure)
        found = connection.answer("hmget", connection.keys.job(job_id), "state", "options")
        state, options = found or (None, None)
        if state is None:
            raise job_not_found(job_id)
        try:
            return job_options_from(options or "")
        except ValidationError as error:
            why = several(map(refused_field, error.errors(include_url=False, include_input=False)))
            raise BadInput(Code.OPTIONS_MALFORMED, job_id=job_id, problem=why) from None

    def extend(self, container_id: str, leases: Sequence[Lease], lease_s: float | None = None) -> list[Lease]:
        """Prolong leases from now; returns those that are lost (another container has it, or its job was cancelled)."""
        return run_on_leases(self._connection, "extend", container_id, [self._lease_ms(lease_s)], leases)

    def grow(self, container_id: str, lease: Lease, items: Iterable[WorkItem]) -> int:
        """Stage items that a leased item brings for its job's next stage, which was deferred at submission.

        They are invisible until the item's `ack` names their number, and expire without it. Idempotent: the same items
        again, after an error, are staged once. Cost: one round trip per 500 items of a need.

        Args:
            container_id: the holder of the lease.
            lease: of the item that brings them.
            items: all of them, in the order they are to be leased; taken one by one.

        Returns:
            The number of items.

        Raises:
            LeaseLost: the lease is not this container's any more.
            BadInput: the job has no deferred stage after the present one.
        """
        return stage_growth(self._connection, container_id, lease, items)

    def note(self, container_id: str, lease: Lease, notes: Mapping[str, str]) -> None:
        """Write notes into the item's journal, so that later attempts can skip finished work; each lease brings them all.

        The last note of a name counts. They are kept through every way back, a dead letter's requeue included, and end with
        the item's result. At most 64 KiB.

        Raises:
            LeaseLost: the lease is not this container's any more; nothing was noted.
            BadInput: the journal would be too large; nothing was noted.
        """
        if not notes:
            return
        about = (container_id, lease.job_id, lease.item_id, lease.token, MAX_JOURNAL_BYTES)
        answer = self._connection.of(lease.structure).run("note", *about, *(word for pair in notes.items() for word in pair))
        if answer == 0:
            raise LeaseLost(Code.LEASE_STALE, item=f"{lease.job_id}/{lease.item_id}")
        if answer < 0:
            raise BadInput(Code.JOURNAL_TOO_LARGE, item=f"{lease.job_id}/{lease.item_id}", limit=MAX_JOURNAL_BYTES)

    def ack(
        self, container_id: str, finished: Sequence[tuple[Lease, ItemResult]], brought: Mapping[str, int] | None = None
    ) -> list[Lease]:
        """Hand results in; returns the leases whose result was refused (token stale, or job cancelled).

        Args:
            container_id: the container that hands them in.
            finished: leases with their results.
            brought: by token, how many items an item has brought with `grow`; they become its job's next stage here.

        Raises:
            GrowthRefused: the items that one brings are not whole: stage them again; the others of the batch were taken.

        Guarantees: atomic for the whole batch, idempotent: the same ack again is accepted and changes nothing.
        """
        refused: list[Lease] = []
        short: list[Lease] = []
        for connection, some in by_structure(self._connection, finished, lambda each: each[0]):
            leases = [lease for lease, _ in some]
            positions = list(map(int, connection.run("ack", container_id, *results_message(some, brought))))
            short += [leases[-position - 1] for position in positions if position < 0]
            refused += refused_of(leases, [position for position in positions if position > 0])
        if short:
            names = ", ".join(f"{lease.job_id}/{lease.item_id}" for lease in short)
            raise GrowthRefused(Code.GROWTH_NOT_WHOLE, items=names)
        return refused

    def fail(
        self, container_id: str, lease: Lease, error: str, why: Reason | str, *, transient: bool, retry_in_s: float | None = None
    ) -> ItemState:
        """End one attempt without a result. Idempotent: the same failure again counts once.

        Args:
            container_id: the container that reports it.
            lease: whose attempt it was.
            error: class name of the error.
            why: the reason; a text is taken as foreign words. Kept in at most 8,000 characters, its longest texts cut.
            transient: whether another attempt may succeed.
            retry_in_s: pause before it; None is exponential (1 s doubling, at most 60 s) with jitter of half.

        Returns:
            DELAYED, DEAD (permanent, or attempts used up) or DROPPED (the job was cancelled).

        Raises:
            LeaseLost: it is not this container's lease any more; nothing changed.
        """
        if retry_in_s is None:
            retry_in_s = jittered(doubled(_INITIAL_RETRY_S, _MAX_RETRY_S, lease.attempt))
        retry_in_ms = round(retry_in_s * 1000) if transient else -1
        about = (container_id, lease.job_id, lease.item_id, lease.token)
        words = (*about, error, *reason_words(why), retry_in_ms, lease.attempt)
        answer = self._connection.of(lease.structure).run("fail", *words)
        if answer == "lost":
            raise LeaseLost(Code.LEASE_STALE, item=f"{lease.job_id}/{lease.item_id}")
        return ItemState(answer)

    def release(self, container_id: str, leases: Sequence[Lease], problem: Reason | str = "") -> list[Lease]:
        """Hand items back unharmed, at the front of their jobs, the attempt not counted; returns those refused.

        Args:
            container_id: the container that hands them back.
            leases: of which items.
            problem: what this container lacks for them, "" if nothing. After ten such, each further one counts as an
                attempt, so that an item which no container is set up for ends as a dead letter that says so.
        """
        why = reason_words(problem) if problem else ("", "")
        return run_on_leases(self._connection, "release", container_id, why, leases)

    def reclaim(self, limit: int = 1000) -> int:
        """Put items with expired leases back, so that recovery does not need a dispatcher; returns how many there were.

        Guarantees: as the dispatcher's `reclaim`; safe to call at any time, by any number of containers.
        """
        return sum(int(each.run("reclaim", limit)[0]) for each in self._connection.all)

    def _leases(self, container_id: str, answer: Sequence[Any]) -> list[Lease]:
        leases = []
        for lease, wrong in leases_from(answer, self._connection.structures):
            if wrong is None:
                leases.append(lease)
                continue
            about = (container_id, lease.job_id, lease.item_id, lease.token)
            words = (*about, BadInput.__name__, *reason_words(wrong), -1, lease.attempt, 1)
            self._connection.of(lease.structure).run("fail", *words)
        return leases

    def _asked(
        self,
        count: int,
        lease_s: float | None,
        bell: str,
        serves: Sequence[str] | None,
        *,
        call: str | None = None,
        begins_now: bool = True,
    ) -> list[str | int]:
        """Build the arguments of lease.lua from its ARGV[4] on."""
        need, _, structure = bell.partition("@")
        # KEYS[2] is the newest structure.
        place = 2 + self._connection.structures.index(int(structure)) if structure else 2
        asked = (count, self._lease_ms(lease_s), int(begins_now), call or new_request_id(), need, place)
        return [*asked, *(known_needs() if serves is None else serves)]

    def _lease_ms(self, lease_s: float | None) -> int:
        return self._connection.lease_ms if lease_s is None else int(lease_s * 1000)


def new_request_id() -> str:
    """Return an id for one call of `lease`; random, so that it stays unique when Redis has lost writes."""
    return secrets.token_hex(8)
