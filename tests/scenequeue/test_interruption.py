"""A signal becomes an exception, once, and at a moment at which nothing swallows it."""

import subprocess
import sys
from pathlib import Path

import pytest

_BEGIN = """
import os, signal, sys, time
from scenequeue.interruption import raise_on

class Stopped(BaseException):
    pass

def stop(number):
    raise Stopped(number)

send_waiting = raise_on((signal.SIGINT, signal.SIGTERM), stop, (Stopped,))
"""
#: Until the exception comes.
_WAIT = "    for _ in range(3000): time.sleep(0.01)\n"


def _ran(script: str, folder: Path) -> tuple[str, str]:
    argv = [sys.executable, "-c", _BEGIN + script]
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        argv, cwd=folder, env={"PYTHONPATH": f"{root}:{folder}"}, capture_output=True, text=True, timeout=60, check=False
    )
    return ended.stdout, ended.stderr


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_while_a_module_loads_is_raised_when_it_has(number: str, tmp_path: Path) -> None:
    """A half-loaded module would be left, and modules with C code would make an error of their own of it."""
    (tmp_path / "slow.py").write_text(
        f"import os, signal\ntry:\n    os.kill(os.getpid(), signal.{number})\n    state = 'whole'\n"
        "except BaseException:\n    pass\n"
    )
    script = (
        f"try:\n    import slow\n{_WAIT}except Stopped as stopped:\n    print(slow.state, stopped.args[0] == signal.{number})"
    )
    assert _ran(script, tmp_path) == ("whole True\n", "")


def test_a_signal_that_python_drops_is_raised_again(tmp_path: Path) -> None:
    """As in a destructor, from which no exception leads out; no traceback is printed."""
    script = (
        "class Left:\n    def __del__(self): os.kill(os.getpid(), signal.SIGINT)\n"
        f"try:\n    Left()\n{_WAIT}except Stopped:\n    print('stopped')"
    )
    assert _ran(script, tmp_path) == ("stopped\n", "")


def test_other_exceptions_that_python_drops_are_told_as_ever(tmp_path: Path) -> None:
    """Only ours are raised again."""
    script = "class Left:\n    def __del__(self): raise ValueError('no')\nLeft()\nprint('goes on')"
    out, said = _ran(script, tmp_path)
    assert out == "goes on\n"
    assert "ValueError: no" in said


def test_a_deferred_signal_goes_to_whoever_handles_it_by_then(tmp_path: Path) -> None:
    """As to a block that must not be interrupted, or to the worker's drain."""
    (tmp_path / "slow.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    script = (
        "came = []\nimport slow\nsignal.signal(signal.SIGINT, lambda *_: came.append(1))\n"
        "while not came: time.sleep(0.01)\nprint('handled')"
    )
    assert _ran(script, tmp_path) == ("handled\n", "")


def test_a_signal_while_pydantic_builds_a_model_is_raised_when_it_has(tmp_path: Path) -> None:
    """It would make a SchemaError of it."""
    script = (
        "import pydantic\nfrom pydantic_core import core_schema\n"
        "class Own:\n"
        "    @classmethod\n    def __get_pydantic_core_schema__(cls, source, handler):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n        return core_schema.int_schema()\n"
        f"try:\n    class Model(pydantic.BaseModel):\n        own: Own\n{_WAIT}"
        "except Stopped:\n    print('own' in Model.model_fields)"
    )
    assert _ran(script, tmp_path) == ("True\n", "")


@pytest.mark.parametrize(("call", "code"), [("", 0), ("send_waiting()", 130)])
def test_a_signal_that_waits_when_the_program_ends_does_not_kill_it(tmp_path: Path, call: str, code: int) -> None:
    """Python has no handlers by then; who looks for the signal first gets it."""
    (tmp_path / "late.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    script = (
        "import late\n"
        f"signal.signal(signal.SIGINT, lambda *_: os._exit(130))\n{call}\n"
        "class Slow:\n    def __del__(self): time.sleep(0.1)\nslow = Slow()"
    )
    argv = [sys.executable, "-c", _BEGIN + script]
    paths = f"{Path(__file__).parents[2]}:{tmp_path}"
    ended = subprocess.run(argv, env={"PYTHONPATH": paths}, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (code, "")
