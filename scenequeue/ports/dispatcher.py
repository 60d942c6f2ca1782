"""Steps of the dispatcher: act alone, keep the ledger of containers, and put lost items back."""

import json
import secrets
from collections.abc import Sequence
from itertools import chain
from typing import Literal

from scenequeue.errors import DispatcherDeposed
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import JobStatus
from scenequeue.jobs.rollup import SLOTS
from scenequeue.jobs.transcode.working_folder import WorkFolder
from scenequeue.jobs.wishes import WishedJob
from scenequeue.ports.container_reports import CONTAINER_TTL_S
from scenequeue.ports.job_lookup import due_in
from scenequeue.ports.rates import read_rates
from scenequeue.ports.steering.settings_in_force import SettingInForce, publish_settings
from scenequeue.ports.wished_jobs import wished_in
from scenequeue.reasons import Code, Reason
from scenequeue.reasons.stored import reason_words, stored_reason
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import container_fields

#: Characters of a failed post's reason that are kept.
_MAX_ERROR_CHARS = 500
#: Fields of a container that its launch intent fills in.
_INTENT_FIELDS = frozenset(
    {
        *("container_id", "fleet", "region", "vcpu", "memory_mib", "is_spot", "architecture", "ephemeral_gib"),
        *("batch", "for_job", "image", "needs", "structures", "fence"),
    }
)


class DispatcherPort:
    """The steps of dispatchers. One of them acts and has the newest fencing number; the others stand by."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys = connection.keys

    def acquire(self, owner: str, ttl_s: float) -> int | None:
        """Become or stay the acting dispatcher for `ttl_s` seconds; returns the fencing number, None while another one acts."""
        return int(self._connection.run("acquire", owner, int(ttl_s * 1000))) or None

    def resign(self, owner: str) -> None:
        """Let another dispatcher act at once; changes nothing if another one acts already."""
        self._connection.run("resign", owner)

    def record_intents(self, fence: int, records: Sequence[ContainerRecord], decision: str = "") -> None:
        """Record containers in the ledger before they are launched, and in the same step the decision to launch them.

        Args:
            fence: fencing number of the acting dispatcher.
            records: the containers.
            decision: JSON, as `scenequeue/published/decision.py` reads it; "" records none.

        Raises:
            DispatcherDeposed: another dispatcher acts now; nothing was written, and nothing may be launched.
        """
        if not records:
            return
        arguments: list[str | int] = []
        for record in records:
            intent = container_fields(record.model_copy(update={"fence": fence}), _INTENT_FIELDS)
            arguments += (record.container_id, json.dumps(intent))
        self._unless_deposed(self._connection.run("intend", fence, CONTAINER_TTL_S, decision, *arguments) == 1)

    def record_decision(self, fence: int, mark: str, decision: str) -> None:
        """Record a decision that launches nothing, unless the newest one has the same mark.

        Args:
            fence: fencing number of the acting dispatcher.
            mark: equal for decisions of which only the first is worth recording. Launches have LAUNCH_MARK.
            decision: JSON, as `scenequeue/published/decision.py` reads it.

        Raises:
            DispatcherDeposed: another dispatcher acts now; nothing was written.
        """
        self._unless_deposed(self._connection.run("decide", fence, mark, decision) == 1)

    def record_launched(
        self, fence: int, container_id: str, handle: str, region: str = "", *, is_spot: bool = False, log: str = ""
    ) -> None:
        """Record that an intent became a container. It is a fact, so it is recorded even if another dispatcher acts by now.

        Args:
            fence: fencing number under which the intent was written.
            container_id: id in the intent.
            handle: the fleet's own name of the container.
            region: of the container.
            is_spot: True if the fleet may reclaim it.
            log: file of its output; "" if the output goes elsewhere.
        """
        facts = ("handle", handle, "region", region, "is_spot", "1" if is_spot else "0", "fence", fence, "log", log)
        self._connection.run("launched", container_id, CONTAINER_TTL_S, *facts)

    def record_ended(
        self, container_id: str, state: Literal["gone", "failed"], reason: Reason, *, fence: int | None = None
    ) -> None:
        """Record that a container has ended; its own exit reason is kept.

        Args:
            container_id: the container.
            state: `failed` if it never started.
            reason: of its end.
            fence: fencing number of the dispatcher that decided it; None if it is a fact.

        Raises:
            DispatcherDeposed: another dispatcher acts now; nothing was written.
        """
        self._unless_deposed(
            self._connection.run("ended", container_id, state, reason_words(reason)[0], CONTAINER_TTL_S, _word(fence)) == 1
        )

    def drain(self, container_id: str, *, fence: int | None = None) -> None:
        """Mark a container to get no more leases; its next heartbeat tells it. Idempotent.

        Raises:
            DispatcherDeposed: a fencing number was given, and another dispatcher acts now; nothing was marked.
        """
        self._unless_deposed(self._connection.run("drain", container_id, _word(fence), "", "") == 1)

    def forfeit(self, container_id: str, reason: Reason, *, fence: int | None = None, is_blameless: bool = False) -> int:
        """Put the items of a lost container back at once; returns their number. Attempts count for items whose work had begun.

        If `is_blameless`, no item can be the cause, so no attempt counts for the first ten such losses of an item.

        Raises:
            DispatcherDeposed: a fencing number was given, and another dispatcher acts now; nothing was put back.
        """
        taken = 0
        why = reason_words(reason)
        for each in self._connection.all:
            more = int(each.run("forfeit", container_id, *why, _word(fence), int(is_blameless)))
            self._unless_deposed(more >= 0)
            taken += more
        return taken

    def reclaim(self, limit: int = 1000) -> int:
        """Take back expired leases, make due retries ready, and remove expired entries of indexes.

        Args:
            limit: expired leases at most, in each structure.

        Returns:
            The number of leases taken back.
        """
        return sum(int(each.run("reclaim", limit)[0]) for each in self._connection.all)

    def publish_plan(self, plan_json: str, ttl_s: int = 60) -> None:
        """Publish the last plan for operators and producers; it expires after `ttl_s` seconds."""
        with self._connection.translated():
            # Not SET: workers' users may run SET, and may read the plan but not change it.
            self._connection.client.setex(self._keys.plan, ttl_s, plan_json)

    def publish_settings(self, settings: list[SettingInForce], ttl_s: int) -> None:
        """Publish the settings of the acting dispatcher for operators; they expire after `ttl_s` seconds."""
        publish_settings(self._connection, settings, ttl_s)

    def record_sample(self, fence: int, containers: int, usd: float) -> None:
        """Add a sample to the queue's history: backlog, items done, containers, and their cost since the last sample.

        A sample that changes no slot writes nothing.

        Args:
            fence: fencing number of the acting dispatcher; with a stale one, nothing is written.
            containers: number of running containers.
            usd: dollars spent since the last sample.
        """
        slots = (word for resolution, (seconds, kept) in SLOTS.items() for word in (resolution.value, seconds, kept))
        self._connection.run_on_all("rollup", fence, containers, round(usd * 1e6), secrets.token_hex(8), *slots)

    def rates(self) -> dict[str, float]:
        """Return the measured rates: need -> processing seconds per unit of weight. Needs without a measurement are absent.

        Rates are measured for all structures together, so a need has the same one in each.
        """
        return read_rates(self._connection)

    def wished(self, limit: int = 1000) -> list[WishedJob]:
        """Return the active jobs with wishes: urgent ones first, then the oldest first.

        Args:
            limit: jobs at most, the oldest of each structure. Further ones are planned as if they had no wishes.

        Returns:
            A job once for each need of which it has ready items; once if it has no ready items, or is paused, or its lane.

        Cost: two round trips, O(jobs with wishes); one if there are none; a third if a job has several needs.
        """
        found = [job for each in self._connection.all for job in wished_in(each, limit)]
        return [job for _, job in sorted(found, key=lambda each: (not each[1].is_urgent, each[0]))]

    def due_notices(self, limit: int = 50) -> list[JobStatus]:
        """Return the ended jobs whose callback is due, oldest first."""
        now_ms = self._connection.now_ms()
        return [job for each in self._connection.all for job in due_in(each, now_ms, limit)][:limit]

    def claim_notice(self, job_id: str, claimed_s: float, finished_ms: int | None = None) -> None:
        """Claim a callback for `claimed_s` seconds, in which no other dispatcher posts it; after that it is due again."""
        self._settle(job_id, int(claimed_s * 1000), "", "", finished_ms or "")

    def settle_notice(
        self, job_id: str, error: Reason | None = None, retry_in_s: float | None = None, finished_ms: int | None = None
    ) -> None:
        """Record the outcome of one post to a callback.

        Args:
            job_id: the job.
            error: None if it was delivered.
            retry_in_s: pause before the next post after an error; None gives the callback up.
            finished_ms: the end of the job that was posted; the callback of a later end stays due. None is any end.
        """
        state = "delivered" if error is None else "given_up" if retry_in_s is None else "pending"
        pause_ms = "" if retry_in_s is None else int(retry_in_s * 1000)
        problem = stored_reason(error, _MAX_ERROR_CHARS) if error else ""
        self._settle(job_id, pause_ms, state, problem, finished_ms or "")

    def due_folders(self, fence: int, limit: int, claimed_s: float) -> list[WorkFolder]:
        """Take working folders that are to be removed now; for `claimed_s` seconds they are not taken again.

        They are those of jobs that are done, cancelled with no item leased any more, or expired. None with a stale fence.
        """
        taken = [each.run("due_folders", fence, limit, int(claimed_s * 1000)) for each in self._connection.all]
        return [WorkFolder(*pair) for flat in taken for pair in zip(flat[::2], flat[1::2], strict=True)]

    def settle_folders(self, fence: int, folders: Sequence[WorkFolder], retry_in_s: float | None = None) -> None:
        """Record that working folders were removed, or that they are to be taken again after a pause.

        Args:
            fence: fencing number of the acting dispatcher.
            folders: from `due_folders`.
            retry_in_s: None if they were removed. They are taken once more when their jobs have expired, for what a container
                that had lost its lease may have written meanwhile, and are then forgotten.

        Raises:
            DispatcherDeposed: another dispatcher acts now; nothing was recorded.
        """
        pause_ms = "" if retry_in_s is None else int(retry_in_s * 1000)
        for each in self._connection.all:
            self._unless_deposed(each.run("settle_folders", fence, pause_ms, *chain.from_iterable(folders)) == 1)

    def _settle(self, job_id: str, *words: str | int) -> None:
        for each in self._connection.all:
            each.run("settle_notice", job_id, *words)

    @staticmethod
    def _unless_deposed(was_done: bool) -> None:
        if not was_done:
            raise DispatcherDeposed(Code.FENCE_STALE)


def _word(fence: int | None) -> str:
    return "" if fence is None else str(fence)
