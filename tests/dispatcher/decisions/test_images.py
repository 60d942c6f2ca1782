"""The needs that an image serves are learned from what its containers have said."""

from dispatcher.decisions.planning.images import PROBE_AFTER_S, profile_of
from dispatcher.decisions.planning.policy import Policy
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId

_NOW_MS = 1_000_000_000
_NEEDS = ["render/1", "render/2"]


def _container(name: str, ago_s: float, serves: str, *, by_hand: bool = False, **more: str) -> ContainerRecord:
    at_ms = _NOW_MS - round(ago_s * 1000)
    launched_ms = 0 if by_hand else at_ms + 1
    record = ContainerRecord(container_id=ContainerId(name), intended_ms=at_ms, launched_ms=launched_ms, serves=serves)
    return record.model_copy(update=more)


def test_an_image_that_nobody_has_asked_is_tried() -> None:
    """Nothing is known of it before its first container has said hello; one that was started by hand says nothing of it."""
    ledger = [_container("c1", 5, ""), _container("c2", 1, "render/1", by_hand=True)]
    assert profile_of(ledger, Policy(), _NEEDS, _NOW_MS, (2,)).serves is None


def test_the_last_launch_that_has_said_hello_tells_what_is_served() -> None:
    """After an upgrade as after going back to an older image."""
    ledger = [_container("c1", 30, "render/1"), _container("c2", 20, "render/1 render/2"), _container("c3", 1, "")]
    assert profile_of(ledger, Policy(), _NEEDS, _NOW_MS, (2,)).serves == {"render/1", "render/2"}
    ledger.append(_container("c4", 10, "render/1"))
    profile = profile_of(ledger, Policy(), _NEEDS, _NOW_MS, (2,))
    assert (profile.serves, profile.to_probe) == ({"render/1"}, set())


def test_a_need_that_was_not_served_is_probed_again_after_a_while() -> None:
    """With one container: the image of that name may be newer by then."""
    profile = profile_of([_container("c1", PROBE_AFTER_S, "render/1")], Policy(), _NEEDS, _NOW_MS, (2,))
    assert (profile.serves, profile.to_probe) == ({"render/1"}, {"render/2"})


def test_a_probe_that_never_said_hello_was_one_all_the_same() -> None:
    """It is not repeated at every tick."""
    ledger = [_container("c1", 2 * PROBE_AFTER_S, "render/1"), _container("c2", 5, "", needs="render/2")]
    assert profile_of(ledger, Policy(), _NEEDS, _NOW_MS, (2,)).to_probe == set()


def test_a_clock_that_was_set_back_neither_hides_a_hello_nor_a_probe() -> None:
    """Launches that seem to come from the future say less than those of now."""
    future = _container("c1", -2 * PROBE_AFTER_S, "render/1")
    assert profile_of([future], Policy(), _NEEDS, _NOW_MS, (2,)).to_probe == {"render/2"}
    profile = profile_of([future, _container("c2", 5, "render/1 render/2")], Policy(), _NEEDS, _NOW_MS, (2,))
    assert (profile.serves, profile.to_probe) == ({"render/1", "render/2"}, set())


def test_what_one_image_does_not_serve_says_nothing_of_another() -> None:
    """An operator who deploys a newer one does not wait for ten minutes."""
    ledger = [_container("c1", 5, "render/1", image="videos:1")]
    assert profile_of(ledger, Policy(), _NEEDS, _NOW_MS, (2,), "videos:1").serves == {"render/1"}
    fresh = profile_of(ledger, Policy(), _NEEDS, _NOW_MS, (2,), "videos:2")
    assert (fresh.name, fresh.serves) == ("videos:2", None)
