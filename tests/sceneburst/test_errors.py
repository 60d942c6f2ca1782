"""Errors can be copied and pickled, as Celery and process pools do, and each of their parameters can be stored."""

import copy
import importlib
import json
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import container_worker
import dispatcher
import producer
import sceneburst
import scenequeue
from dispatcher.fleets.fargate.api import EcsUnanswered
from sceneburst.access.errors import RoleTooLow, TooManyAttempts
from sceneburst.access.roles import Caller, Role
from sceneburst.http_api.errors import FieldProblem, InvalidRequest, TooManyRequests
from scenequeue.errors import BadInput, InvalidScenes, InvalidValue, Mistake, SceneburstError
from scenequeue.reasons import Code, Reason
from scenequeue.reasons.stored import stored_reason

_ROOMS = (scenequeue, producer, dispatcher, container_worker, sceneburst)
_NESTED = Reason(Code.LEASE_STALE, {"item": "a/0-0"})
#: Errors with arguments of their own.
_MADE: dict[type[BaseException], Callable[[], BaseException]] = {
    InvalidScenes: lambda: InvalidScenes([Mistake(("scenes", 0), _NESTED), "a sentence"]),
    InvalidRequest: lambda: InvalidRequest([FieldProblem("/scenes/0", _NESTED)]),
    EcsUnanswered: lambda: EcsUnanswered(_NESTED, is_silent=True),
    TooManyRequests: lambda: TooManyRequests(2.5, limit=20),
    TooManyAttempts: lambda: TooManyAttempts(2.5),
    RoleTooLow: lambda: RoleTooLow(Caller("ada", Role.LOOK), Role.OPERATE),
}


def _subclasses(cls: type[BaseException]) -> Iterator[type[BaseException]]:
    yield cls
    for each in cls.__subclasses__():
        yield from _subclasses(each)


def _errors() -> set[type[BaseException]]:
    for room in _ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    rooms = {room.__name__ for room in _ROOMS}
    return {
        each for base in (SceneburstError, InvalidValue) for each in _subclasses(base) if each.__module__.split(".")[0] in rooms
    }


def _protocol(number: int) -> Callable[[BaseException], BaseException]:
    return lambda error: pickle.loads(pickle.dumps(error, number))


def test_every_error_survives_copy_deepcopy_and_pickle() -> None:
    """Its class, code, parameters, text and further attributes are the same."""
    found = _errors()
    assert len(found) > 30
    copies = [copy.copy, copy.deepcopy, *(_protocol(number) for number in range(pickle.HIGHEST_PROTOCOL + 1))]
    for cls in found:
        error = _MADE.get(cls, lambda cls=cls: cls(Code.MISTAKES, mistakes=(_NESTED,), input="image"))()  # type: ignore[misc]
        for copied in (make(error) for make in copies):
            assert type(copied) is cls
            assert str(copied) == str(error)
            assert vars(copied) == vars(error)
            assert copied.args == error.args


class _Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"a\xff", "a\\xff"),
        (Path("a/b"), "a/b"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ("a\ud800", "a?"),
        (1 << 20000, hex(1 << 20000)),
        (_Unspeakable(), "_Unspeakable"),
        (None, "None"),
        (0.5, 0.5),
        (["a", _NESTED], (Reason(Code.OTHER, {"text": "a"}), _NESTED)),
    ],
    ids=["bytes", "path", "nan", "infinity", "surrogate", "huge", "unspeakable", "none", "float", "list"],
)
def test_a_parameter_that_json_cannot_express_becomes_its_text(given: object, expected: object) -> None:
    """However deep it is; so each failure can be stored and told."""
    error = BadInput(Code.OTHER, text=given)  # type: ignore[arg-type]
    assert error.reason.parameters == {"text": expected}
    nested = Reason(Code.INSIDE, {"place": "x", "mistake": Reason(Code.OTHER, {"text": given})})  # type: ignore[dict-item]
    for reason in (error.reason, nested):
        assert Reason.from_json(json.loads(stored_reason(reason).encode())) == reason
        assert reason.text
