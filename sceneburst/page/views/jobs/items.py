"""The items of a job in pages of a bounded number, by state and by a part of the name."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from sceneburst.page.media.outputs import Files, files_of
from sceneburst.page.views.jobs.stages import stage_of
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.item_listing import LeasedItem
from scenequeue.queue import SceneQueue

PAGE = 24
#: Results that are looked at for one page.
LOOKED_AT = 2000


class Tile(NamedTuple):
    """An item in the grid."""

    item_id: str
    name: str
    #: leased, done, dead or dropped.
    state: str
    files: Files = Files()
    result: ItemResult | None = None
    leased: LeasedItem | None = None


class Tiles(NamedTuple):
    """A page of items."""

    tiles: list[Tile]
    #: The item after which to go on; "" at the end.
    after: str
    #: Results looked at.
    looked_at: int


def tiles_of(
    queue: SceneQueue, job_id: str, leased: Sequence[LeasedItem], state: str = "", name: str = "", after: str = ""
) -> Tiles:
    """Return a page of a job's items in its own order.

    Args:
        queue: the queue.
        job_id: the job.
        leased: its items in work.
        state: only these; "" for all that have ended or are in work.
        name: only those with this in their name.
        after: go on after this item.
    """
    wanted = name.casefold()
    found: list[Tile] = []
    if state in {"", "leased"} and not after:
        working = (each for each in leased if wanted in each.name.casefold())
        found = [Tile(each.item_id, each.name, "leased", leased=each) for each in islice(working, PAGE)]
    if state == "leased":
        return Tiles(found, "", 0)
    stage, _, index = after.partition("-")
    is_place = stage.isdecimal() and index.isdecimal() and len(after) < 20
    start = (int(stage), int(index) + 1) if is_place else (0, 0)
    return _ended(queue.producer.results(job_id, *start), job_id, found, state, wanted)


def _ended(results: Iterable[ItemResult], job_id: str, found: list[Tile], state: str, wanted: str) -> Tiles:
    looked_at, last = 0, ""
    for result in results:
        if len(found) >= PAGE or looked_at >= LOOKED_AT:
            return Tiles(found, last, looked_at)
        looked_at, last = looked_at + 1, str(result.item_id)
        if (not state or result.state == state) and wanted in result.name.casefold():
            found.append(Tile(result.item_id, result.name, result.state, files_of(job_id, result), result))
    return Tiles(found, "", looked_at)


def own_items(leased: Iterable[LeasedItem], job_id: str) -> list[LeasedItem]:
    """Return those leased items that belong to a job, stage by stage."""
    return sorted((each for each in leased if each.job_id == job_id), key=lambda each: (stage_of(each.item_id), each.item_id))
