"""Reads the file of a manifest: YAML or JSON, within size limits, without repeated keys."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from scenequeue.errors import InvalidScenes
from scenequeue.quoted import shorten

_MAX_BYTES = 64 * 1024 * 1024


def parsed(path: Path) -> Any:
    """Return the mapping in a file, with the lines of its parts.

    Raises:
        InvalidScenes: it is no mapping, or cannot be parsed; with the line if known.
    """
    try:
        text = _bytes_of(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise InvalidScenes([f"{path}: there is no such manifest"]) from None
    except UnicodeDecodeError:
        raise InvalidScenes([f"{path}: not a text file in UTF-8"]) from None
    except OSError as error:
        raise InvalidScenes([f"{path}: {error.strerror}"]) from None
    try:
        # Round-trip mode is a safe loader too, and keeps the lines.
        document = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = shorten(str(error.problem).partition(" with value ")[0])
        raise InvalidScenes([f"{path}:{line}: {said}: each may be given once"]) from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidScenes([f"{path}:{line}: not YAML or JSON: {shorten(error.problem)}"]) from None
    except YAMLError as error:
        raise InvalidScenes([f"{path}: not YAML or JSON: {shorten(error)}"]) from None
    if not isinstance(document, Mapping):
        raise InvalidScenes([f"{path}:1: a manifest is a mapping with 'scenes'"])
    return document


def _bytes_of(path: Path) -> bytes:
    """Return the content of a regular file; no more is read than a manifest may have."""
    # Opening a pipe without a writer would block, and reading a device may never end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidScenes([f"{path}: not a regular file"])
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(_MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > _MAX_BYTES:
        raise InvalidScenes([f"{path}: larger than {_MAX_BYTES} bytes; submit from Python instead"])
    return content
