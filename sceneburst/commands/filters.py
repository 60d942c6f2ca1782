"""Builds the filters of jobs and dead letters from a command's options."""

from typing import Any, TypeVar

import typer
from pydantic import ValidationError

from scenequeue.errors import refused_field
from scenequeue.jobs.options import FrozenModel

_Filter = TypeVar("_Filter", bound=FrozenModel)


def filter_of(kind: type[_Filter], **wanted: Any) -> _Filter:
    """Return a filter of this kind.

    Raises:
        typer.BadParameter: nothing can have such a property.
    """
    try:
        return kind(**wanted)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(refused_field(each).text for each in error.errors())) from None
