"""Defines a group of commands that are imported when they are called, so that listing them is fast."""

import shutil
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from scenequeue.quoted import one_line

if TYPE_CHECKING:
    from scenequeue.reasons import Reason

#: Width in columns that Typer's framed help needs for names, types and texts side by side.
_FRAMED_WIDTH = 80


class Listed(NamedTuple):
    """One command in the list, before it is imported."""

    name: str
    #: "module:attribute" below sceneburst.commands; a function, or a Typer with further commands.
    home: str
    #: One line.
    help: str


class Group(TyperGroup):
    """Lists commands with one line each; a command is imported when it is called or completed."""

    listed: ClassVar[tuple[Listed, ...]] = ()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._markup_mode = self.rich_markup_mode
        self._homes = {command.name: command.home for command in self.listed}
        for command in self.listed:
            self.add_command(TyperCommand(command.name, help=command.help, short_help=command.help))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help; without a frame if a frame would leave no room for the names of options."""
        self.rich_markup_mode = None if _is_narrow() else self._markup_mode
        super().format_help(ctx, formatter)

    def main(self, *args: Any, **given: Any) -> Any:
        """Run the command line; errors in its arguments are printed without a frame, which would break paths and commands."""
        self.rich_markup_mode = None
        return super().main(*args, **given)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; each refused argument is one line in our own words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            cause = error.__cause__
            if isinstance(cause, ValueError) and (reason := _reason_of_pydantic(cause)):
                # Typer takes the words of pydantic.
                error.message, error.reason = reason.text, reason  # type: ignore[attr-defined]
            error.message = one_line(error.message)
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import and return the command that the arguments begin with."""
        if home := self._homes.pop(args[0], None):
            self.add_command(_load(args[0], home))
        return super().resolve_command(ctx, args)


def _reason_of_pydantic(cause: ValueError) -> "Reason | None":
    # Imported here, as they load pydantic.
    from pydantic import ValidationError

    from scenequeue.errors import refused_value

    return refused_value(cause.errors(include_url=False)[0]) if isinstance(cause, ValidationError) else None


def _load(name: str, home: str) -> Any:
    module, _, attribute = home.partition(":")
    found = getattr(import_module(f"sceneburst.commands.{module}"), attribute)
    holder = typer.Typer(rich_markup_mode=None) if _is_narrow() else typer.Typer()
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    loaded = get_group(holder).commands[name]
    for command in (loaded, *getattr(loaded, "commands", {}).values()):
        # A framed help keeps the line breaks of the source text, wherever they fall in the terminal's lines.
        command.help = "\n\n".join(" ".join(part.split("\n")) for part in (command.help or "").split("\n\n"))
    for command in getattr(loaded, "commands", {}).values():
        # Without a frame, long help texts are cut.
        command.short_help = command.short_help or (command.help or "").partition("\n\n")[0]
    return loaded


def _is_narrow() -> bool:
    return shutil.get_terminal_size().columns < _FRAMED_WIDTH
