"""A kind of item that calls a function of the test, and delivers nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from container_worker.files.inputs import Input, InputFile
from container_worker.files.outputs import Output
from container_worker.kind import ItemContext, Kind, Made, ParsedItem
from scenequeue.jobs.options import KindOptions

#: The work of an item, and what it has made, if that is more than nothing.
Action = Callable[[ItemContext], Made | None]


class AnyPayload(BaseModel):
    """A payload of any fields."""

    model_config = ConfigDict(extra="allow")

    options: dict[str, Any] = Field(default_factory=dict)


class FunctionKind:
    """Calls the function with the item's context."""

    payload: type[BaseModel] = AnyPayload
    options: type[KindOptions] = KindOptions

    def __init__(self, action: Action) -> None:
        self._action = action

    def inputs(self, item: ParsedItem[Any, Any]) -> Sequence[Input]:
        return ()

    def fingerprint(self, item: ParsedItem[Any, Any], files: Mapping[str, InputFile]) -> str:
        return ""

    def outputs(self, item: ParsedItem[Any, Any]) -> Sequence[Output]:
        return ()

    def run(self, item: ParsedItem[Any, Any], files: Mapping[str, InputFile]) -> Made:
        return self._action(item.context) or Made()


def kinds_of(actions: Mapping[str, Action]) -> Mapping[str, Kind]:
    """Return a kind per function, by its name."""
    return {name: FunctionKind(action) for name, action in actions.items()}
