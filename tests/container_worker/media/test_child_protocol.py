"""Only the render child's own lines count, and its last line is its result."""

import json
import subprocess
import sys

import pytest

from container_worker.codes import Code
from container_worker.media.child_messages import Failed, read_message
from container_worker.media.child_protocol import MAX_TEXT_CHARS
from scenequeue.reasons import Reason

_CHATTY = """
import ctypes
from container_worker.media.child_program import exit_with, run
def make(data):
    print("OpenCV bindings requires numpy")
    libc = ctypes.CDLL(None)
    libc.puts(b"libpng warning")
    libc.fflush(None)
    return data
exit_with(lambda: run(make))
"""


def test_what_a_library_prints_is_not_taken_for_the_childs_words() -> None:
    """Neither what it prints in Python, nor what it prints in C. OpenCV prints advice when it has not enough memory to load."""
    child = [sys.executable, "-c", _CHATTY]
    ended = subprocess.run(child, input='{"a": 1}\n', capture_output=True, text=True, timeout=60, check=True)
    assert [json.loads(line) for line in ended.stdout.splitlines()] == [{"done": {"a": 1}}]
    assert "OpenCV" in ended.stderr
    assert "libpng" in ended.stderr


_FAILS = """
import sys
from container_worker.codes import Code
from container_worker.media.child_program import exit_with, run
from scenequeue.errors import BadInput
def make(data):
    raise BadInput(Code.PICTURE_DAMAGED, input="image", problem="x" * 5000)
def program():
    code = run(make)
    print(*(name for name in sys.modules if name.startswith(("sceneburst", "importlib.metadata"))))
    return code
exit_with(program)
"""


def test_a_child_that_fails_sends_a_code_and_needs_no_words() -> None:
    """With its parameters, each as long as the parent takes; sentences are loaded in the worker alone."""
    child = [sys.executable, "-c", _FAILS]
    ended = subprocess.run(child, input="{}\n", capture_output=True, text=True, timeout=60, check=True)
    (line,) = ended.stdout.splitlines()
    message = read_message(line)
    assert isinstance(message, Failed)
    error = message.exception()
    assert error.reason == Reason(Code.PICTURE_DAMAGED, {"input": "image", "problem": "x" * MAX_TEXT_CHARS})
    assert str(error) == f"image is damaged: {'x' * MAX_TEXT_CHARS}"
    assert ended.stderr.split() == []


_BUSY = """
import sys, threading, time
import cv2, numpy
from container_worker.media.child_program import exit_with
class SlowToGo:
    def __del__(self): time.sleep(0.5)
slow, picture = SlowToGo(), numpy.zeros((3000, 3000, 3), numpy.uint8)
def work():
    while True: cv2.GaussianBlur(picture, (0, 0), 5)
threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
def program(): return 7
def fail(): raise ValueError("no")
"""


@pytest.mark.parametrize(("last", "code", "says"), [("exit_with(program)", 7, ""), ("exit_with(fail)", 1, "ValueError: no")])
def test_a_child_ends_while_its_threads_are_in_opencv(last: str, code: int, says: str) -> None:
    """As `sys.exit(7)` does not: a thread that comes back while the interpreter goes down aborts the process."""
    ended = subprocess.run([sys.executable, "-c", _BUSY + last], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr.splitlines()[-1:]) == (code, [says] if says else [])
