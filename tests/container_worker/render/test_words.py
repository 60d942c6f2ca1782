"""What a render child says is its own, and its last word is its end."""

import io
import json
import subprocess
import sys

import pytest

from container_worker.render.__main__ import main


def test_what_a_library_prints_is_not_taken_for_the_childs_words(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV prints advice to stdout when it cannot be loaded for want of memory."""
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"a": 1}\n'))
    monkeypatch.setattr(sys, "stdout", sys.stdout)

    def make(data: dict[str, object]) -> dict[str, object]:
        print("OpenCV bindings requires numpy")
        return data

    assert main(make) == 0
    said, printed = capfd.readouterr()
    assert [json.loads(line) for line in said.splitlines()] == [{"done": {"a": 1}}]
    assert "OpenCV" in printed


_BUSY = """
import sys, threading, time
import cv2, numpy
from container_worker.render.__main__ import end
class SlowToGo:
    def __del__(self): time.sleep(0.5)
slow, picture = SlowToGo(), numpy.zeros((3000, 3000, 3), numpy.uint8)
def work():
    while True: cv2.GaussianBlur(picture, (0, 0), 5)
threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
def run(): return 7
def fail(): raise ValueError("no")
"""


@pytest.mark.parametrize(("last", "code", "says"), [("end(run)", 7, ""), ("end(fail)", 1, "ValueError: no")])
def test_a_child_ends_while_its_threads_are_in_opencv(last: str, code: int, says: str) -> None:
    """As `sys.exit(7)` does not: a thread that comes back while the interpreter goes down aborts the process."""
    ended = subprocess.run([sys.executable, "-c", _BUSY + last], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr.splitlines()[-1:]) == (code, [says] if says else [])
