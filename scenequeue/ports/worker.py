"""Steps of a container worker: lease items, prolong the leases, and end them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scenequeue.backoff import doubled, jittered
from scenequeue.errors import BadInput, GrowthRefused, LeaseLost
from scenequeue.jobs.item import ItemState, Lease, WorkItem
from scenequeue.jobs.need import known_needs
from scenequeue.jobs.options import JobOptions
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.container_reports import ContainerReports
from scenequeue.ports.growth import stage_growth
from scenequeue.ports.job_lookup import read_options
from scenequeue.reasons import Code, Reason
from scenequeue.reasons.stored import reason_words
from scenequeue.structure.connection import Connection
from scenequeue.structure.lease_messages import leases_from, results_message
from scenequeue.structure.lease_steps import SpareRule, by_structure, lease_spares, refused_of, run_on_leases, write_notes

#: Pause before another attempt; it doubles with each attempt, from the first to the last of these.
_INITIAL_RETRY_S = 1.0
_MAX_RETRY_S = 60.0


class WorkerPort(ContainerReports):
    """The steps of workers. A lease is ended or prolonged only by its container and with its token; others change nothing."""

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
        """Lease items that this container can do: from the most urgent lane first, and within a lane from its jobs in turn.

        Args:
            container_id: the container that takes them.
            count: maximum number of items.
            lease_s: duration of the lease, in seconds; None uses the setting.
            begins_now: False for items that are prepared first. Until `begin` is called for such an item, losing the container
                counts as no attempt of it, as another item may have been the cause.
            call: id from `new_request_id()`. A call that is repeated with the same id after an error returns the leases that
                it took the first time, if it took any. None makes a new id.
            serves: needs that the container can do; None is those of all known kinds.
            bell: answer of the last `wait_for_work`, if any; the next worker is woken if work is left.

        Returns:
            Leases; none if nothing is ready, the queue is paused, or the container is to drain.

        Guarantees: atomic. After a crash the items come back when their leases expire, and the attempt counts. An element of
        the queue that is no item becomes a dead letter; all others are leased as usual.
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
        """Store results and lease the next items, whose work begins now, in one step. Arguments as for `ack` and `lease`.

        For workers of items that take less time than a round trip; container workers ack each item by itself.

        Returns:
            The leases whose result was refused, and the new leases.

        Guarantees: as `ack` and `lease`; after an error, acking the same results again is safe. Results of items of older
        structures are stored by separate steps, before.
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
        """Record that work on an item begins that was leased with `begins_now=False`. Idempotent.

        Raises:
            LeaseLost: it must not begin: another container has the item, or its job was cancelled.
        """
        if not self._connection.of(lease.structure).run("begin", container_id, lease.job_id, lease.item_id, lease.token):
            raise LeaseLost(Code.LEASE_STALE, item=f"{lease.job_id}/{lease.item_id}")

    def wait_for_work(self, timeout_s: float, serves: Sequence[str] | None = None) -> str:
        """Block until items of one of these needs may be ready. Of all waiting workers, one is woken.

        Each need has a bell, which exists while items of it are ready. This takes it, so that no second worker is woken for the
        same items; `lease` puts it back if work is left. A worker that dies in between delays the others by a second at most,
        because each also looks by itself.

        Args:
            timeout_s: seconds to wait: from 0.01 to 5; other values are brought into this range.
            serves: as for `lease`.

        Returns:
            The need whose bell was taken, for `lease`; "" if none was in time.
        """
        needs = known_needs() if serves is None else serves
        bells = {each.keys.bell(need): each.need(need) for each in self._connection.all for need in needs}
        rung = self._connection.wait([*bells], timeout_s) if bells else None
        return bells[rung] if rung else ""

    def lease_spares(
        self, container_id: str, count: int, lease_s: float | None = None, *, serves: Sequence[str], rule: SpareRule | None = None
    ) -> list[Lease]:
        """Lease items that other containers, which keep their leases, work on for too long. For free slots, if nothing is ready.

        Arguments as for `lease`; call `begin` when work begins. The first accepted `ack` ends both leases of an item, and the
        other is lost. Before it, `fail` and `release` of one holder, or its loss, leave the item to the other; no attempt counts.
        """
        asked = (count, self._lease_ms(lease_s), new_request_id(), *(rule or SpareRule()).words())
        return lease_spares(self._connection, container_id, asked, serves)

    def options(self, job_id: str, structure: int = 0) -> JobOptions:
        """Return the options that all items of a job share, by kind.

        Args:
            job_id: of a lease.
            structure: of the same lease.

        Raises:
            JobNotFound: the job has expired.
            BadInput: the options cannot be read.
        """
        return read_options(self._connection.of(structure), job_id)

    def extend(self, container_id: str, leases: Sequence[Lease], lease_s: float | None = None) -> list[Lease]:
        """Prolong leases from now; returns the lost ones: another container has the item, or its job was cancelled."""
        return run_on_leases(self._connection, "extend", container_id, [self._lease_ms(lease_s)], leases)

    def grow(self, container_id: str, lease: Lease, items: Iterable[WorkItem]) -> int:
        """Stage items that a leased item brings for the next stage of its job, which was deferred at submission.

        They are invisible until `ack` is called with their number, and expire without it. Idempotent: items that are staged
        again after an error are there once. Cost: one round trip for each 500 items of a need.

        Args:
            container_id: the holder of the lease.
            lease: of the item that brings them.
            items: all of them, in the order of leasing; read one by one.

        Returns:
            The number of items.

        Raises:
            LeaseLost: the lease is not this container's any more.
            BadInput: the job has no deferred stage after the present one, its items would have too many needs, or an item cannot
                be put on the queue.
            GrowthRefused: those that were staged before are gone; stage all again.
        """
        return stage_growth(self._connection, container_id, lease, items)

    def note(self, container_id: str, lease: Lease, notes: Mapping[str, str]) -> None:
        """Write notes into the item's journal, so that later attempts can skip finished work; every later lease contains them.

        A note replaces an earlier one of the same name. Notes survive failure, release, reclaim and requeue, and are deleted
        with the item's result. A journal holds at most 1,000 notes and 64 KiB.

        Raises:
            LeaseLost: the lease is not this container's any more; nothing was noted.
            BadInput: the journal would be too large, or a note is no text; nothing was noted.
        """
        if notes:
            write_notes(self._connection, container_id, lease, notes)

    def ack(
        self, container_id: str, finished: Sequence[tuple[Lease, ItemResult]], brought: Mapping[str, int] | None = None
    ) -> list[Lease]:
        """Store results, which ends their leases; returns the leases whose result was refused: token stale, or job cancelled.

        Args:
            container_id: the container.
            finished: leases with their results.
            brought: token -> number of items that the item has brought with `grow`; they join its job's next stage here.

        Raises:
            GrowthRefused: items that were brought are missing: stage them again. All other results were stored.

        Guarantees: atomic for all results of one structure. Idempotent: the same ack again is accepted and changes nothing.
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
        self, container_id: str, lease: Lease, error: str, why: Reason, *, transient: bool, retry_in_s: float | None = None
    ) -> ItemState:
        """End an attempt as failed. Idempotent: the same failure again counts once.

        Args:
            container_id: the container.
            lease: of the item.
            error: class name of the error.
            why: the reason. At most 8,000 characters are kept; the longest texts in it are cut.
            transient: True if another attempt may succeed.
            retry_in_s: pause before that attempt, in seconds; None is 1 s, doubled with each attempt up to 60 s, of which a
                random part, at least half, is used.

        Returns:
            DELAYED, DEAD (permanent, or no attempts left), LEASED (by another container; see `lease_spares`) or DROPPED (the job
            was cancelled).

        Raises:
            LeaseLost: the lease is not this container's any more; nothing has changed.
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

    def release(self, container_id: str, leases: Sequence[Lease], problem: Reason | None = None) -> list[Lease]:
        """Hand items back: they become ready again, before their job's others, and no attempt counts; returns the refused leases.

        Args:
            container_id: the container.
            leases: of the items.
            problem: what this container lacks for them; None if nothing. After ten such releases of an item each further one
                counts as an attempt, so that an item which no container is set up for becomes a dead letter with that reason.
        """
        why = reason_words(problem) if problem else ("", "")
        return run_on_leases(self._connection, "release", container_id, why, leases)

    def reclaim(self, limit: int = 1000) -> int:
        """Do as `DispatcherPort.reclaim`, so that recovery needs no dispatcher. Any number of containers may do it at once."""
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
    """Return an id for one call of `lease`. It is random, so that no id is used twice even after Redis has lost writes."""
    return secrets.token_hex(8)
