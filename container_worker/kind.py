"""The interface of a kind of items, and the steps that are the same for all: fetch -> fingerprint -> reuse? -> run -> upload.

A kind is one file in `container_worker/kinds/` with the steps that are specific to it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ValidationError

from container_worker.codes import Code
from container_worker.files.inputs import Input, InputFile, fetch, naming_addresses
from container_worker.files.outputs import Delivered, Output, find_existing_output, upload_outputs
from container_worker.sandbox.child import Stopped
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput, refused_field
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.options import JobOptions, KindOptions
from scenequeue.jobs.result import ItemResult
from scenequeue.reasons import Reason
from scenequeue.storages.uri import UriStorage

#: Maximum number of items that one item brings.
MAX_BROUGHT = 1_000_000


@dataclass(frozen=True)
class ItemContext:
    """Everything that a container provides for an item."""

    lease: Lease
    #: The job's options by kind; `parse_payload` merges the item's own into them.
    options: JobOptions
    #: An empty folder, deleted afterwards.
    scratch: Path
    storage: UriStorage
    limits: Limits
    container_id: str
    #: Entered for the part of the work that needs a slot, after everything that needs none.
    slot: Callable[[], AbstractContextManager[None]]
    on_progress: Callable[[float], None]
    should_stop: threading.Event
    #: Writes into the item's journal the steps that a later attempt need not repeat; `lease.notes` has all notes.
    #: Raises BadInput beyond 64 KiB, and Stopped if the lease is lost.
    note: Callable[[Mapping[str, str]], None]
    #: Raises Stopped if the lease is known to be lost; called before the outputs are uploaded.
    check_lease: Callable[[], None] = lambda: None

    def stop_if_asked(self) -> None:
        """Raise Stopped if the item was told to stop."""
        if self.should_stop.is_set():
            raise Stopped(Code.ITEM_STOPPED, item=f"{self.lease.job_id}/{self.lease.item_id}")


Payload = TypeVar("Payload")
Options = TypeVar("Options")


@dataclass(frozen=True)
class ParsedItem(Generic[Payload, Options]):
    """An item with its parsed payload and merged options."""

    context: ItemContext
    payload: Payload
    #: The job's options, overridden by the item's own.
    options: Options


@dataclass(frozen=True)
class Made:
    """The result of a run; its files are in the scratch folder."""

    duration_s: float | None = None
    #: Additional entries for the result's details.
    facts: Mapping[str, object] = field(default_factory=dict)
    warnings: Sequence[Reason] = ()
    #: Items for the job's next stage, which was deferred, as far as the run has found them. A kind with such items has no
    #: fingerprint, because a reused output could not bring them again; see `Bringing` for those that the payload determines.
    brings: Sequence[WorkItem] = ()


class Finished(NamedTuple):
    """The result of a finished item, and the items that it brings."""

    result: ItemResult
    brings: Sequence[WorkItem] = ()
    #: Called once the queue has accepted the result; see `Cleaning`.
    clean_up: Callable[[], None] | None = None


class Kind(Protocol):
    """One kind of item. The types of its payload and options are defined by its other half, in the queue's package."""

    @property
    def payload(self) -> type[BaseModel]:
        """Type of the payload."""
        ...

    @property
    def options(self) -> type[KindOptions]:
        """Type of the options; KindOptions itself for a kind without options."""
        ...

    def inputs(self, item: ParsedItem[Any, Any]) -> Iterable[Input]:
        """Return the files that the item needs, in the order in which they are fetched.

        Raises:
            BadInput: the item cannot be executed, whatever the files contain.
        """
        ...

    def fingerprint(self, item: ParsedItem[Any, Any], files: Mapping[str, InputFile]) -> str:
        """Return a hash of everything that the outputs depend on; "" if existing outputs must never be reused."""
        ...

    def outputs(self, item: ParsedItem[Any, Any]) -> Sequence[Output]:
        """Return the outputs, the main one first; the others are optional."""
        ...

    def run(self, item: ParsedItem[Any, Any], files: Mapping[str, InputFile]) -> Made:
        """Make the outputs in the scratch folder; enter `item.context.slot` for the part that needs a slot.

        Raises:
            BadInput: an input can never be used (permanent). ToolFailed, LimitExceeded, DiskFull: this attempt
                failed (transient). Stopped: `item.context.should_stop` was set. SettingsError: a tool is missing.
        """
        ...


@runtime_checkable
class Bringing(Protocol):
    """A kind whose items bring others that follow from the payload alone, also when existing outputs are reused."""

    def brings(self, item: ParsedItem[Any, Any]) -> Sequence[WorkItem]:
        """Return the items for the job's next stage, which was deferred."""
        ...


@runtime_checkable
class Cleaning(Protocol):
    """A kind whose items leave something behind that is not needed once the queue has accepted the result."""

    def clean_up(self, item: ParsedItem[Any, Any]) -> None:
        """Remove it; the item's scratch folder is gone already. Errors are logged, and change nothing about the result."""
        ...


def carry_out(kind: Kind, context: ItemContext) -> Finished:
    """Make an item's outputs, or reuse those of an earlier attempt.

    Raises:
        BadInput, LimitExceeded, ToolFailed, DiskFull, StorageUnavailable: the reason that they could not be made, or that the
            queue cannot take what was made.
        Stopped: the item was told to stop.

    Guarantees:
        The main output appears complete, after its sidecars, or not at all.
    """
    clock = _Clock(context.slot)
    context = replace(context, slot=clock.slot)
    item = parse_payload(kind, context)
    wanted: list[Input] = []
    files = fetch(_recording(kind.inputs(item), wanted), context.storage, context.scratch, context.stop_if_asked)
    identity = kind.fingerprint(item, files)
    outputs = kind.outputs(item)
    follows = kind.brings(item) if isinstance(kind, Bringing) else ()
    clean_up = partial(kind.clean_up, item) if isinstance(kind, Cleaning) else None
    if outputs and identity:
        known = find_existing_output(outputs, identity, context.storage)
        if known is not None:
            return Finished(_result(context, clock, known, {"reused": True}, identity), _all_of(follows), clean_up)
    with naming_addresses(wanted):
        made = kind.run(item, files)
    if not isinstance(made, Made):
        raise BadInput(Code.NOTHING_MADE, kind=context.lease.item.kind, type=type(made).__name__)
    # Once and for all: they may have to be staged a second time.
    brings = (*_all_of(follows), *_all_of(made.brings))
    if not outputs:
        delivered = Delivered((), (), made.duration_s, made.warnings)
        return Finished(_result(context, clock, delivered, made.facts, identity), brings, clean_up)
    context.check_lease()
    delivered = upload_outputs(
        outputs, context.scratch, identity, context.storage, context.stop_if_asked,
        duration_s=made.duration_s, warnings=made.warnings,
    )  # fmt: skip
    return Finished(_result(context, clock, delivered, made.facts, identity), brings, clean_up)


def parse_payload(kind: Kind, context: ItemContext) -> ParsedItem[Any, Any]:
    """Return the item with its payload, and the job's options overridden by the item's.

    Raises:
        BadInput: it is malformed; every wrong field is named.
    """
    try:
        payload = kind.payload.model_validate(context.lease.item.payload)
        options = kind.options.of_job(context.options).overridden(getattr(payload, "options", {}), strict=False)
    except ValidationError as error:
        problems = tuple(map(refused_field, error.errors(include_url=False)))
        raise BadInput(Code.ITEM_MALFORMED, problems=problems) from None
    return ParsedItem(context, payload, options)


def _all_of(brings: object) -> Sequence[WorkItem]:
    """Return what an item brings as a sequence; the queue's port checks each item.

    Raises:
        BadInput: it is no collection, or it brings too many.
    """
    if not isinstance(brings, Iterable) or isinstance(brings, str | bytes):
        raise BadInput(Code.BRINGS_NO_ITEMS, type=type(brings).__name__)
    found = tuple(islice(brings, MAX_BROUGHT + 1))
    if len(found) > MAX_BROUGHT:
        raise BadInput(Code.BRINGS_TOO_MANY, limit=MAX_BROUGHT)
    return found


def _recording(inputs: Iterable[Input], wanted: list[Input]) -> Iterator[Input]:
    for each in inputs:
        wanted.append(each)
        yield each


class _Clock:
    """Measures the time of an item's work from its beginning, or from the moment it got its slot."""

    def __init__(self, slot: Callable[[], AbstractContextManager[None]]) -> None:
        self._slot, self._began = slot, time.monotonic()

    @contextmanager
    def slot(self) -> Iterator[None]:
        with self._slot():
            # Earlier work ran while other items held the slots; counting it twice would falsify the measured rates.
            self._began = time.monotonic()
            yield

    def elapsed_s(self) -> float:
        return round(time.monotonic() - self._began, 3)


def _result(context: ItemContext, clock: _Clock, delivered: Delivered, facts: Mapping[str, object], identity: str) -> ItemResult:
    lease = context.lease
    main = delivered.artifacts[0] if delivered.artifacts else None
    details = {**facts, "kind": lease.item.kind, "warnings": [warning.to_json() for warning in delivered.warnings]}
    if identity:
        details["fingerprint"] = identity
    if main is not None:
        details["sha256"] = main.sha256
    if delivered.beside:
        details["beside"] = list(delivered.beside)
    result = ItemResult(
        item_id=lease.item_id,
        name=lease.item.name,
        state="done",
        output=main.address if main else None,
        artifacts=list(delivered.artifacts),
        duration_s=delivered.duration_s,
        bytes=main.bytes if main else None,
        processing_s=clock.elapsed_s(),
        attempts=lease.attempt,
        container=context.container_id,
        details=details,
    )
    try:
        result.wire()
    except (ValueError, TypeError, RecursionError) as error:
        # Facts are whatever a kind has put there; a result that cannot be stored would never be reported.
        raise BadInput(Code.FACTS_UNUSABLE, problem=str(error)) from None
    return result
