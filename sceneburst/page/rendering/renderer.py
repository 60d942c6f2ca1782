"""Renders the templates, by language; everything that is put into them is escaped."""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined

from sceneburst.access.roles import Role
from sceneburst.page.languages import NAMES, Catalogue, read_catalogues
from sceneburst.page.rendering.formats import Formats
from sceneburst.page.rendering.static_files import StaticFiles
from sceneburst.page.view import Query, View
from scenequeue.reasons import Reason

#: Sections do not lie in one another.
_SECTION = re.compile(r'<section id="([a-z0-9-]+)".*?</section>', re.DOTALL)


class Key(NamedTuple):
    """A view as somebody sees it: what is rendered once for all who see the same."""

    view: str
    #: Sorted.
    query: tuple[tuple[str, str], ...]
    language: str
    role: Role


class Renderer:
    """The templates of all languages.

    Args:
        views: for the navigation.
    """

    def __init__(self, views: Sequence[View]) -> None:
        self._views = views
        self.static = StaticFiles()
        catalogues = read_catalogues()
        self._formats = {code: Formats(catalogue) for code, catalogue in catalogues.items()}
        self._environments = {code: self._environment(catalogue) for code, catalogue in catalogues.items()}

    def _environment(self, catalogue: Catalogue) -> Environment:
        made = Environment(
            loader=FunctionLoader(_source),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        made.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)  # type: ignore[attr-defined]
        made.filters.update(self._formats[catalogue.code].filters())
        made.globals.update(static=self.static, views=self._views, Role=Role, language=catalogue.code, languages=NAMES)
        return made

    def page(self, template: str, language: str, **named: Any) -> str:
        """Render a whole page."""
        return self._environments[language].get_template(template).render(**named)

    def sections(self, view: View, query: Query, language: str, role: Role, looked: Mapping[str, Any]) -> dict[str, str]:
        """Render the parts of a view that are kept up to date, by their ids."""
        template = self._environments[language].get_template(f"{view.name}/live.html")
        return sections_of(template.render(**looked, view=view, query=query, role=role))

    def reason(self, reason: Reason, language: str) -> str:
        """Put a reason into words."""
        return self._formats[language].reason(reason)


def sections_of(html: str) -> dict[str, str]:
    """Return the sections of a rendered template by their ids."""
    return {found[1]: found[0] for found in _SECTION.finditer(html)}


def _source(name: str) -> str | None:
    file = files("sceneburst.page").joinpath("templates", *name.split("/"))
    return file.read_text(encoding="utf-8") if file.is_file() else None
