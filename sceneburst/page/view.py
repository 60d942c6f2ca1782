"""Defines a view of the page. A new one is a module in `views/` with a `VIEW`, a line in `registry.py`, a folder of templates.

`templates/<name>/page.html` extends `base.html`, and includes `templates/<name>/live.html` within `<main>`. That file has nothing
but `<section id="…">…</section>`, one beside another: the parts that are kept up to date while the page is open. Forms stand in
either; what is typed into them stays. What is shown is computed by `look`, which is pure but for its reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fastapi import APIRouter

from scenequeue.queue import SceneQueue

#: What a view is asked for: its parameters with their values, from path and query. Only non-empty ones are in it.
Query: TypeAlias = Mapping[str, str]
#: Returns the variables of a view's templates. It runs in a thread, and once a second for all who look at the same.
Look: TypeAlias = Callable[[SceneQueue, Query], Mapping[str, Any]]


@dataclass(frozen=True)
class View:
    """A page with parts that are kept up to date."""

    #: Name of the folder of its templates.
    name: str
    #: Its path, which may have parameters: /jobs/{job_id}.
    path: str
    #: In English, marked by `msgid`.
    title: str
    look: Look
    #: Names of the parameters in the path and the query that it knows; others are dropped.
    parameters: tuple[str, ...] = ()
    #: Its forms, and whatever else it serves.
    router: APIRouter | None = None
    #: Sentences after an act, by the word in the address that asks for one: (one, several) marked by `msgid`, with the numbers
    #: `%(n)s` and `%(m)s`. The first form belongs to `n` = 1.
    said: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    #: Whether the navigation has it; otherwise it belongs to `within`.
    in_navigation: bool = True
    within: str = ""
    #: Whether its templates have `bulk`, the acts on many dead letters.
    shows_bulk: bool = False
