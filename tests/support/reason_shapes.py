"""The one form of a reason in everything that programs read: JSON of commands, answers and events."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Keys of sentences, each of which stands beside the code and the parameters that it is made of.
_SENTENCES = frozenset({"text", "error", "message", "exit_reason", "why", "detail"})
_CODE = re.compile(r"[a-z][a-z0-9_]*")
#: Free facts of an event or a result, whose names may be anything.
_FREE = frozenset({"fields", "labels", "payload", "options", "limits", "settings"})


def check_reasons(document: Any) -> list[str]:
    """Check every reason in a document: a code with its parameters, or null for both, beside each sentence.

    Returns:
        The codes that are in it, those inside other reasons left out.
    """
    return [code for each in _objects(document) if (code := _checked(each)) is not None]


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _objects(each)
    elif isinstance(value, dict):
        yield value
        for name, each in value.items():
            if name not in _FREE and not (name == "parameters" and "code" in value):
                yield from _objects(each)


def _checked(found: Mapping[str, Any]) -> str | None:
    assert "params" not in found, found
    told = {name: found[name] for name in _SENTENCES & found.keys() if found[name] and not isinstance(found[name], dict)}
    if not {"code", "parameters"} & found.keys():
        assert not told or "act" in found, found
        return None
    code, parameters = found["code"], found["parameters"]
    if code is None:
        assert (parameters, told) == (None, {}), found
        return None
    _check(code, parameters)
    return str(code)


def _check(code: Any, parameters: Any) -> None:
    assert isinstance(code, str), code
    assert _CODE.fullmatch(code), code
    assert isinstance(parameters, dict), (code, parameters)
    for value in parameters.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                assert each.keys() == {"code", "parameters"}, each
                _check(each["code"], each["parameters"])
            else:
                assert not isinstance(value, list), (code, value)
                assert isinstance(each, str | int | float), (code, value)
