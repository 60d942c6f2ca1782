"""Refuses words of the command line, with a code like every other error."""

from enum import StrEnum
from typing import Any

import typer

from sceneburst.codes import Code
from scenequeue.errors import SceneburstError, reason_for
from scenequeue.quoted import one_line
from scenequeue.reasons import OPTION, Parameter, Reason

#: Click's class for all mistakes in a command line; Typer gives no other name to it.
UsageError: Any = typer.BadParameter.__mro__[1]


class Declined(SceneburstError):
    """The user has answered no; the line is no error."""


class RefusedWord(typer.BadParameter):
    """An option or argument does not accept its value.

    Args:
        why: the code, with its parameters as further arguments; or a reason.
        option: the option's name; None for an argument, or for several together.
    """

    def __init__(self, why: StrEnum | Reason, option: str | None = None, /, **parameters: Parameter) -> None:
        self.reason = reason_for(why, **parameters)
        super().__init__(one_line(self.reason.text), param_hint=option)


def reason_of(error: Any) -> Reason:
    """Return the reason of a mistake in a command line, with the option; one that only the parser knows is in its words."""
    own = getattr(error, "reason", None)
    if not isinstance(own, Reason):
        return Reason(Code.USAGE_REFUSED, {"problem": error.format_message()})
    option = _option_of(error)
    return Reason(own.code, {OPTION: option, **own.parameters}) if option else own


def _option_of(error: Any) -> str:
    """Return the name of the option that is refused; "" for an argument, or for several together."""
    named, parameter = getattr(error, "param_hint", None), getattr(error, "param", None)
    names = [named] if isinstance(named, str) else list(getattr(parameter, "opts", ()))
    return max((name for name in names if name.startswith("-")), key=len, default="")
