"""Reads the forms of acts, and answers them: back to the view with its filter, and a word that becomes a sentence there."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse

from sceneburst.codes import Code as TopCode
from sceneburst.page.codes import Code
from sceneburst.page.errors import BadForm
from sceneburst.page.view import View
from scenequeue.ports.steering.audit_log import ACT_CHARACTERS

_MAX_FORM_BYTES = 64 * 1024
_MAX_FIELDS = 200
_MAX_VALUE_CHARS = 512
#: Parameters of the address that say what was done.
SAID = ("said", "n", "m")


class Form:
    """The fields of a form."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._all = tuple(fields)
        self._fields = dict(fields)

    @property
    def why(self) -> str:
        """Return the reason that the operator gives.

        Raises:
            BadForm: there is none, or it is too long.
        """
        why = self._fields.get("why", "").strip()
        if not why:
            raise BadForm(Code.WHY_MISSING)
        if len(why) > ACT_CHARACTERS:
            raise BadForm(TopCode.WHY_TOO_LONG, characters=len(why), most=ACT_CHARACTERS)
        return why

    def text(self, name: str) -> str:
        """Return a field; "" if there is none."""
        return self._fields.get(name, "").strip()[:_MAX_VALUE_CHARS]

    def needed(self, name: str) -> str:
        """Return a field that must be there.

        Raises:
            BadForm: it is missing.
        """
        if not (found := self.text(name)):
            raise BadForm(Code.FIELD_MALFORMED, field=name)
        return found

    def all(self, name: str) -> list[str]:
        """Return all fields of a name, as of checkboxes."""
        return [value.strip()[:_MAX_VALUE_CHARS] for each, value in self._all if each == name]

    def whole(self, name: str) -> int:
        """Return a whole number.

        Raises:
            BadForm: it is none.
        """
        given = self.text(name)
        if not given.isdecimal() or len(given) > 15:
            raise BadForm(Code.FIELD_MALFORMED, field=name)
        return int(given)


async def read_form(request: Request) -> Form:
    """Read the form of a request; use it as a dependency of an act, after `allowed`.

    Raises:
        BadForm: it is too large, or is none.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise BadForm(Code.FORM_TOO_LARGE, limit_kib=_MAX_FORM_BYTES // 1024)
    try:
        return Form(parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise BadForm(Code.FIELD_MALFORMED, field="*") from None


def back_to(view: View, form: Form, said: str = "", **numbers: int) -> RedirectResponse:
    """Return to a view with the filter that the form was shown with, and say there what was done.

    Args:
        view: the view; parameters in its path are taken from the form's field `back` too.
        form: its field `back` is the view's query (`{{ back }}` in templates).
        said: a word of the view's `said`.
        numbers: n and m of the sentence.
    """
    kept = query_in(view, form)
    return RedirectResponse(address_of(view, kept, {"said": said, **{name: str(value) for name, value in numbers.items()}}), 303)


def query_in(view: View, form: Form) -> dict[str, str]:
    """Return the filter of the view that a form was shown with, from its field `back`."""
    return query_of(view, dict(parse_qsl(form.text("back"), max_num_fields=_MAX_FIELDS)))


def query_of(view: View, given: Mapping[str, str]) -> dict[str, str]:
    """Return those of the given parameters that a view knows, and that are not empty."""
    return {name: value for name in view.parameters if (value := given.get(name, "").strip()[:_MAX_VALUE_CHARS])}


def address_of(view: View, query: Mapping[str, str], more: Mapping[str, str] | None = None) -> str:
    """Return the address of a view with these parameters."""
    path, rest = view.path, {}
    for name, value in query.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", urlencode({"": value})[1:].replace("+", "%20"))
        else:
            rest[name] = value
    asked = urlencode({**rest, **{name: value for name, value in (more or {}).items() if value}})
    return f"{path}?{asked}" if asked else path
