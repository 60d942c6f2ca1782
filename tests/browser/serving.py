"""A server for a browser: ladders with byte ranges, the page, and the reports that it posts."""

import json
import queue
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl", ".mp4": "video/mp4", ".vtt": "text/vtt", ".js": "text/javascript",
    ".html": "text/html",
}  # fmt: skip
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class Site:
    """A running server."""

    port: int
    reports: "queue.Queue[dict[str, Any]]" = field(default_factory=queue.Queue)
    #: Paths that were asked for, with the range.
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of its root, without a final slash."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(files: Mapping[str, Path]) -> Iterator[Site]:
    """Serve files under these paths, and folders with what is directly in them, for the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            folder, _, name = path.rpartition("/")
            file = files.get(path) or (files[folder] / name if folder in files else None)
            found = self.headers.get("Range")
            site.asked.append((path, found))
            if file is None or not file.is_file():
                self.send_error(404)
                return
            data, span = file.read_bytes(), _RANGE.fullmatch(found or "")
            size = len(data)
            if span is not None:
                data = data[int(span[1]) : int(span[2]) + 1]
            self.send_response(200 if span is None else 206)
            if span is not None:
                self.send_header("Content-Range", f"bytes {span[1]}-{span[2]}/{size}")
            self.send_header("Content-Type", _TYPES.get(file.suffix, "application/octet-stream"))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            site.reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
