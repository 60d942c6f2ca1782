"""Learns from what containers have said of themselves which needs an image serves."""

from collections.abc import Iterable, Sequence

from dispatcher.decisions.planning.backlog import Profile
from dispatcher.decisions.planning.policy import Policy
from scenequeue.jobs.container import ContainerRecord

#: A need that the last container did not serve is tried with one container again after so long: its image may be newer by then.
PROBE_AFTER_S = 600.0


def profile_of(ledger: Sequence[ContainerRecord], policy: Policy, needs: Iterable[str], now_ms: int) -> Profile:
    """Describe what the operator's fleet launches, by the last launch that has said hello.

    Args:
        ledger: all containers, in any order; those that were started by hand say nothing of the fleet's image.
        policy: prices and sizes.
        needs: what waits.
        now_ms: Redis's clock.
    """
    said = [record for record in ledger if record.launched_ms and record.serves]
    if not said:
        return policy.profile()
    last = max(said, key=lambda record: record.intended_ms)
    serves = frozenset(last.serves.split())
    is_due = now_ms - last.intended_ms >= PROBE_AFTER_S * 1000
    return policy.profile(serves=serves, to_probe=frozenset(needs) - serves if is_due else frozenset())
