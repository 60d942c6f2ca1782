"""Reads the file of a manifest: YAML or JSON, within size limits, without repeated keys."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from sceneburst.codes import Code
from scenequeue.errors import InvalidScenes, reason_for
from scenequeue.quoted import shorten
from scenequeue.reasons import Parameter

_MAX_BYTES = 64 * 1024 * 1024


def parsed(path: Path) -> Any:
    """Return the mapping in a file, with the lines of its parts.

    Raises:
        InvalidScenes: it is no mapping, or cannot be parsed; with the line if known.
    """
    try:
        text = _bytes_of(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise _refused(Code.MANIFEST_MISSING, path=str(path)) from None
    except UnicodeDecodeError:
        raise _refused(Code.MANIFEST_NOT_TEXT, path=str(path)) from None
    except OSError as error:
        raise _refused(Code.MANIFEST_UNREADABLE, path=str(path), problem=error.strerror or str(error)) from None
    try:
        # Round-trip mode is a safe loader too, and keeps the lines.
        document = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = shorten(str(error.problem).partition(" with value ")[0])
        raise _refused(Code.MANIFEST_KEY_REPEATED, path=str(path), line=line, problem=said) from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _refused(Code.MANIFEST_MALFORMED, path=str(path), line=line, problem=shorten(error.problem)) from None
    except YAMLError as error:
        raise _refused(Code.MANIFEST_MALFORMED_SOMEWHERE, path=str(path), problem=shorten(error)) from None
    if not isinstance(document, Mapping):
        raise _refused(Code.MANIFEST_NOT_MAPPING, path=str(path))
    return document


def _refused(why: Code, /, **parameters: Parameter) -> InvalidScenes:
    return InvalidScenes([reason_for(why, **parameters)])


def _bytes_of(path: Path) -> bytes:
    """Return the content of a regular file; no more is read than a manifest may have."""
    # Opening a pipe without a writer would block, and reading a device may never end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _refused(Code.MANIFEST_NOT_FILE, path=str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(_MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > _MAX_BYTES:
        raise _refused(Code.MANIFEST_TOO_LARGE, path=str(path), limit=_MAX_BYTES)
    return content
