"""Learns which needs an image serves from the reports of its containers."""

from collections.abc import Iterable, Sequence

from dispatcher.decisions.planning.backlog import Profile
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.planning.served_needs import launched_for, served_by
from scenequeue.jobs.container import ContainerRecord

#: A need that the last container did not serve is probed again after this long, because the image may be newer by then.
PROBE_AFTER_S = 600.0


def profile_of(
    ledger: Sequence[ContainerRecord],
    policy: Policy,
    needs: Iterable[str],
    now_ms: int,
    structures: Sequence[int],
    image: str = "",
) -> Profile:
    """Describe the operator's fleet by the last launch of this image that has said hello.

    Args:
        ledger: all containers, in any order; those that were started by hand say nothing about the fleet's image.
        policy: prices and sizes.
        needs: all needs with waiting items.
        now_ms: Redis's clock.
        structures: the queue's structures that this dispatcher looks at, newest first.
        image: the name of the image; reports of other images are ignored.
    """
    launched = [record for record in ledger if record.launched_ms and record.image == image]
    said = [record for record in launched if record.serves]
    if not said:
        return policy.profile(image)
    # The nearest to now, as launches may be in the future: Redis's clock can be set back.
    last = min(said, key=lambda record: abs(now_ms - record.intended_ms))
    serves = served_by(last, structures) or frozenset()
    unheard = [(record.intended_ms, launched_for(record, structures)) for record in launched if not record.serves]

    def is_due(need: str) -> bool:
        # A probe that never said hello counts as a probe too.
        tried_ms = (at_ms for at_ms, asked in unheard if need in asked)
        return all(abs(now_ms - at_ms) >= PROBE_AFTER_S * 1000 for at_ms in (last.intended_ms, *tried_ms))

    return policy.profile(image, serves, frozenset(need for need in needs if need not in serves and is_due(need)))
