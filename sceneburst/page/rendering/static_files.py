"""Serves the page's own style and script, under names with a hash of their content, so that browsers may keep them."""

import hashlib
from importlib.resources import files
from typing import NamedTuple

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_HASH_CHARS = 12


class StaticFile(NamedTuple):
    """A file with its type."""

    content: bytes
    media_type: str


class StaticFiles:
    """The files of the folder `static`, read once."""

    def __init__(self) -> None:
        self._by_url: dict[str, StaticFile] = {}
        self._urls: dict[str, str] = {}
        total = hashlib.sha256()
        for file in sorted((files("sceneburst.page") / "static").iterdir(), key=lambda each: each.name):
            stem, _, ending = file.name.rpartition(".")
            if ending in _TYPES:
                content = file.read_bytes()
                total.update(content)
                url = f"/static/{stem}.{hashlib.sha256(content).hexdigest()[:_HASH_CHARS]}.{ending}"
                self._urls[file.name], self._by_url[url] = url, StaticFile(content, _TYPES[ending])
        #: Changes with any of the files: a tab that has others loads itself anew.
        self.version = total.hexdigest()[:_HASH_CHARS]

    def url_of(self, name: str) -> str:
        """Return the address of a file, for templates."""
        return self._urls[name]

    def find(self, path: str) -> StaticFile | None:
        """Return the file of an address; None if there is none, or its content has changed."""
        return self._by_url.get(path)
