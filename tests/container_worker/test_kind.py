"""The pipeline that carries out an item of any kind."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from container_worker.files.outputs import Output
from container_worker.kind import ItemContext, Made, carry_out
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.options import KindOptions
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
from tests.container_worker.function_kind import FunctionKind

MakeContext = Callable[..., ItemContext]


@pytest.fixture
def context_of(tmp_path: Path) -> MakeContext:
    """Makes the context of an item with this payload, in a job with these options."""

    def make(payload: dict[str, Any], options: dict[str, dict[str, Any]]) -> ItemContext:
        item = WorkItem(kind="any", name="one", payload=payload)
        return ItemContext(
            lease=Lease(
                job_id=check_job_id("a"), item_id=ItemId("0-0"), token=LeaseToken("1"), attempt=1, deadline_ms=0, item=item
            ),
            options=options, scratch=tmp_path, storage=UriStorage(WorkerSettings.load(file_roots=[tmp_path])),
            limits=Limits(wall_s=60), container_id="c1", slot=contextlib.nullcontext, on_progress=lambda _share: None,
            should_stop=threading.Event(), note=lambda _notes: None,
        )  # fmt: skip

    return make


class _Options(KindOptions):
    KEPT_AS: ClassVar = "paint"

    colour: str = "red"
    coats: int = 1


class _Paint(FunctionKind):
    options = _Options

    def __init__(self) -> None:
        super().__init__(lambda _context: None)
        self.seen: list[_Options] = []

    def run(self, item: Any, files: Any) -> Any:
        self.seen.append(item.options)
        return super().run(item, files)


def test_a_kind_gets_its_own_options_of_the_job_with_the_items_laid_over_them(context_of: MakeContext) -> None:
    """Whatever other kinds of the same job have."""
    paint = _Paint()
    carry_out(paint, context_of({"options": {"coats": 3}}, {"paint": {"colour": "blue"}, "render": {"fps": 30}}))
    carry_out(paint, context_of({}, {"render": {"fps": 30}}))
    assert paint.seen == [_Options(colour="blue", coats=3), _Options()]


@pytest.mark.parametrize(
    ("payload", "options", "words"),
    [
        ({"options": {"fps": 30}}, {}, "fps"),
        ({}, {"paint": {"coats": "many"}}, "coats"),
        ({"options": 7}, {}, "options"),
    ],
)
def test_options_that_the_kind_does_not_have_are_bad_input(
    context_of: MakeContext, payload: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    """Permanent: another attempt reads the same message."""
    with pytest.raises(BadInput, match=f"the item is malformed: .*{words}"):
        carry_out(_Paint(), context_of(payload, options))


class _Write(FunctionKind):
    """Writes files, brings one item, and removes a file afterwards."""

    def __init__(self, folder: Path, *names: str) -> None:
        super().__init__(lambda _context: None)
        self.folder, self.names, self.runs = folder, names, 0

    def fingerprint(self, item: Any, files: Any) -> str:
        return "same"

    def outputs(self, item: Any) -> list[Output]:
        return [
            Output(name, f"file://{self.folder}/out/{name}", "text/plain", "report", is_required=True)
            for name in ("main.txt", "one.txt", "two.txt")
        ]

    def run(self, item: Any, files: Any) -> Made:
        self.runs += 1
        for name in self.names:
            (self.folder / name).write_text(name)
        return Made()

    def brings(self, item: Any) -> list[WorkItem]:
        return [WorkItem(kind="next", name=item.payload.name)]

    def clean_up(self, item: Any) -> None:
        (self.folder / "out" / "two.txt").unlink()


def test_a_reused_output_brings_what_the_payload_says(context_of: MakeContext, tmp_path: Path) -> None:
    """The item's next stage is the same, whether its files were made in this attempt or in an earlier one."""
    kind = _Write(tmp_path, "main.txt", "one.txt", "two.txt")
    first, second = (carry_out(kind, context_of({"name": "joins"}, {})) for _ in range(2))
    assert (kind.runs, second.result.details["reused"]) == (1, True)
    assert [item.name for item in first.brings] == [item.name for item in second.brings] == ["joins"]
    assert [artifact.address for artifact in second.result.artifacts] == [artifact.address for artifact in first.result.artifacts]


def test_outputs_are_reused_only_with_all_that_are_required(context_of: MakeContext, tmp_path: Path) -> None:
    """Also those with the same ending as one that is there."""
    kind = _Write(tmp_path, "main.txt", "one.txt", "two.txt")
    finished = carry_out(kind, context_of({"name": "joins"}, {}))
    assert finished.clean_up is not None
    finished.clean_up()
    carry_out(kind, context_of({"name": "joins"}, {}))
    assert kind.runs == 2


class _WriteOptional(_Write):
    def outputs(self, item: Any) -> list[Output]:
        main, *others = super().outputs(item)
        # One with the main output's stem, and one whose name needs quoting.
        uris = (main.uri.replace("main.txt", name) for name in ("main-ö,x.txt", "two.txt"))
        return [main, *(replace(other, uri=uri, is_required=False) for other, uri in zip(others, uris, strict=True))]


def test_sidecars_of_the_same_ending_are_told_apart_when_outputs_are_reused(context_of: MakeContext, tmp_path: Path) -> None:
    """One that was not made is not missed, nor taken from what an earlier item has left there."""
    kind = _WriteOptional(tmp_path, "main.txt", "one.txt")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "two.txt").write_text("of an earlier item")
    first, second = (carry_out(kind, context_of({"name": "joins"}, {})).result for _ in range(2))
    assert (kind.runs, second.details["reused"], second.artifacts) == (1, True, first.artifacts)
    assert [artifact.address.rpartition("/")[2] for artifact in first.artifacts] == ["main.txt", "main-ö,x.txt"]
    (tmp_path / "out" / "main-ö,x.txt").unlink()
    carry_out(kind, context_of({"name": "joins"}, {}))
    assert kind.runs == 2


def test_a_required_output_that_was_not_made_fails_the_attempt(context_of: MakeContext, tmp_path: Path) -> None:
    """Before the main output is written, which would make the item look finished."""
    with pytest.raises(ToolFailed, match=r"two\.txt"):
        carry_out(_Write(tmp_path, "main.txt", "one.txt"), context_of({"name": "joins"}, {}))
    assert not (tmp_path / "out" / "main.txt").exists()
