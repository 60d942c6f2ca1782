"""What a render child says is its own."""

import io
import json
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
