"""Sleeps, and delivers a note that says how long."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from scenequeue.jobs.kinds.sleep import SleepPayload

from container_worker.files.inputs import Input, InputFile
from container_worker.files.outputs import Output
from container_worker.kind import Kind, Made, ParsedItem
from scenequeue.jobs.options import KindOptions

_Item: TypeAlias = ParsedItem[SleepPayload, KindOptions]


class Sleep:
    """A sleep."""

    payload = SleepPayload
    options = KindOptions

    def inputs(self, item: _Item) -> Sequence[Input]:
        return ()

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:
        return f"sleep-{item.payload.seconds}"

    def outputs(self, item: _Item) -> Sequence[Output]:
        return [Output("note.txt", item.payload.output, "text/plain", "report")]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        with item.context.slot():
            item.context.should_stop.wait(item.payload.seconds)
            item.context.stop_if_asked()
        (item.context.scratch / "note.txt").write_text(f"slept for {item.payload.seconds} s\n")
        return Made()


KIND: Kind = Sleep()
