"""`import sceneburst`: what it gives to an application, and what it costs."""

import inspect
import subprocess
import sys

import pytest

import sceneburst
from scenequeue import errors

#: What only the extras bring, and what is loaded when it is used.
_NOT_NEEDED = {"typer", "rich", "ruamel", "celery", "kombu", "fastapi", "uvicorn", "psutil", "av", "cv2", "numpy", "PIL", "boto3"}


def _loaded_by(code: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("name", sceneburst.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """The package has every name that it lists, under the object's own name."""
    assert getattr(sceneburst, name).__name__ == name
    assert name in dir(sceneburst)


def test_every_error_is_public() -> None:
    """Whatever Sceneburst raises can be caught by a name of the one package."""
    ours = {name for name, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, errors.SceneburstError)}
    assert ours <= set(sceneburst.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """As of any module."""
    assert not hasattr(sceneburst, "Prodcer")


def test_importing_it_loads_nothing_else() -> None:
    """Neither ours nor others'."""
    loaded = _loaded_by("import sceneburst")
    ours = {name for name in loaded if name.partition(".")[0] in {"scenequeue", "producer", "dispatcher", "container_worker"}}
    assert ours == set()
    assert not loaded & {"pydantic", "redis", "structlog", "typing"}


def test_an_application_that_enqueues_loads_no_extra() -> None:
    """It needs the base install alone."""
    assert not _loaded_by("from sceneburst import Producer, execute_parallel_batches, Lane, Film") & _NOT_NEEDED
    assert not _loaded_by("from sceneburst.cloudburst import FargateOperationV1") & _NOT_NEEDED


def test_a_name_brings_no_more_than_its_home() -> None:
    """An application that only catches errors loads neither Redis nor pydantic."""
    assert not _loaded_by("from sceneburst import QueueUnavailable") & {"redis", "pydantic", "producer.client"}
