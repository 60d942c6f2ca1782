"""Builds the filters of jobs and dead letters from a command's options."""

from typing import Any, TypeVar

from pydantic import ValidationError

from sceneburst.terminal.usage import RefusedWord
from scenequeue.errors import refused_field, several
from scenequeue.jobs.options import FrozenModel

_Filter = TypeVar("_Filter", bound=FrozenModel)


def filter_of(kind: type[_Filter], **wanted: Any) -> _Filter:
    """Return a filter of this kind.

    Raises:
        RefusedWord: nothing can have such a property.
    """
    try:
        return kind(**wanted)
    except ValidationError as error:
        raise RefusedWord(several(map(refused_field, error.errors()))) from None
