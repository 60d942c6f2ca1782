"""Below the top floor stand no words of a language, except those of other programs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ROOMS = ("container_worker", "dispatcher", "producer", "scenequeue")
_LOGGED = frozenset({"debug", "info", "warning", "error", "exception"})
#: What is for developers: settings in the docs, metrics for Prometheus, descriptions of fields.
_DESCRIBED = frozenset({"Field", "computed_field", "Metric"})
#: Texts with words in them that no user is told, by file.
_NOT_TOLD = {
    # Recognised or quoted: the words of other programs.
    "container_worker/sandbox/child.py": 3,
    "dispatcher/fleets/fargate/ecs_errors.py": 13,
    "scenequeue/errors.py": 2,
    "scenequeue/interruption.py": 1,
    "scenequeue/storages/disk_errors.py": 2,
    "scenequeue/structure/connection.py": 5,
    "scenequeue/structure/redis_clients.py": 1,
    # Files and programs that are written, and patterns.
    "container_worker/media/ffmpeg.py": 1,
    "container_worker/media/subtitles/ass_reader.py": 1,
    "container_worker/media/subtitles/ass_script.py": 1,
    "container_worker/media/subtitles/renderer.py": 1,
    "container_worker/sandbox/confine.py": 1,
    "container_worker/sandbox/probe.py": 1,
    "scenequeue/structure/script_runner.py": 1,
    # Names of programs, options and encodings, the unit of a weight.
    "container_worker/__main__.py": 1,
    "container_worker/main.py": 1,
    "container_worker/media/subtitles/charset.py": 1,
    "producer/reach.py": 1,
    "dispatcher/__main__.py": 1,
    "dispatcher/app.py": 1,
    "container_worker/kinds/encode.py": 1,
    "container_worker/media/transcode/planning/plan.py": 2,
    "scenequeue/jobs/kinds/audio.py": 1,
    "scenequeue/jobs/kinds/captions.py": 1,
    "scenequeue/jobs/kinds/encode.py": 1,
    "scenequeue/jobs/kinds/join.py": 1,
    "scenequeue/jobs/kinds/render.py": 1,
    "scenequeue/jobs/kinds/stitch.py": 1,
    "scenequeue/jobs/kinds/verify.py": 1,
    # Compared with the words of Pillow.
    "container_worker/media/picture/reading.py": 2,
    # For programmers.
    "producer/__init__.py": 1,
    # Told where the sentences may be hidden, too.
    "scenequeue/start.py": 1,
}
#: Where a reason is put into words below the top floor, by the function that it has handed down, and why.
_WORDED = {
    "scenequeue/reasons/__init__.py": "the function",
    "scenequeue/errors.py": "str() of an error",
    "scenequeue/storages/bounded_http.py": "str() of an error",
    "producer/requests/scenes.py": "str() of an error",
    "producer/handle.py": "a note of an exception",
    "scenequeue/jobs/container.py": "read by applications, stored nowhere",
    "scenequeue/jobs/job.py": "read by applications, stored nowhere",
    "scenequeue/jobs/result.py": "read by applications, stored nowhere",
    "scenequeue/logs.py": "for the log",
    "container_worker/failures.py": "for the log",
    "container_worker/executor.py": "for the log",
    "dispatcher/fleets/fargate/fleet.py": "shown by AWS's console",
    "scenequeue/start.py": "printed",
    "scenequeue/ports/steering/dead_search.py": "a filter's own, which is no sentence",
}


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for room in _ROOMS:
        for path in sorted(_ROOT.glob(f"{room}/**/*.py")):
            yield str(path.relative_to(_ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _told(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below but those of docstrings, log events, descriptions and annotations."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.AnnAssign) and "TypeAlias" in ast.dump(child.annotation):
            continue
        if isinstance(child, ast.Call) and _is_aside(child.func):
            continue
        if isinstance(child, ast.JoinedStr):
            # As one text, whose values may be told by themselves.
            yield child
            yield from (part for part in _told(child) if not isinstance(part, ast.Constant))
            continue
        yield child
        yield from _told(child)


def _is_aside(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in _DESCRIBED
    if not isinstance(called, ast.Attribute):
        return False
    return called.attr.startswith("_log") or (called.attr in _LOGGED and "log" in ast.unparse(called.value).lower())


def _words(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def test_no_text_below_the_top_floor_has_words_that_users_are_told() -> None:
    """A second language would have to change it there: it is a code with parameters."""
    prose = re.compile(r"[A-Za-z]{2,}:? [A-Za-z(]{2,}|[a-z]{2,} \{\}|\{\} [a-z]{2,}")
    found = {path: sorted({text for node in _told(tree) if prose.search(text := _words(node))}) for path, tree in _trees()}
    assert {path: texts for path, texts in found.items() if len(texts) != _NOT_TOLD.get(path, 0)} == {}


def test_reasons_are_put_into_words_below_the_top_floor_only_where_nothing_stores_them() -> None:
    """Stored, or inside another one, it is a code with parameters. Subtitles have texts too, and are left out."""
    found = {
        path
        for path, tree in _trees()
        if not path.startswith("container_worker/media/")
        if any(isinstance(node, ast.Attribute) and node.attr == "text" for node in _told(tree))
    }
    assert found == set(_WORDED)
