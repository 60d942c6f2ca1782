"""Defines the ids on the queue, and valid names: safe as a file name, a key or a title."""

import re
import unicodedata
from typing import Annotated, NewType

from pydantic import AfterValidator, Field

from scenequeue.errors import InvalidValue
from scenequeue.reasons import Code

#: An item id is "<stage>-<index>", both counted from 0 in the caller's order.
ItemId = NewType("ItemId", str)
JobId = NewType("JobId", str)
LeaseToken = NewType("LeaseToken", str)
ContainerId = NewType("ContainerId", str)

_NAME = re.compile(r"^[\w][\w .+@=-]{0,119}$")
#: With an ending and a prefix the file name may have up to 255 bytes.
_NAME_BYTES = 220
#: No title card has room for more, and no player shows it.
_TITLE_CHARS = 500
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_LABEL_CHARS = 256
#: Each pair of label and value may have an index, so their number is limited.
_MAX_LABELS = 16
_KIND = re.compile(r"[A-Za-z0-9._-]{1,40}")
_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")


def check_name(name: str) -> str:
    """Return a scene's name if it is a valid file name: without path parts and control characters.

    Raises:
        InvalidValue: it is empty, too long (120 characters, 220 bytes), starts with a dot or holds a separator.
    """
    if not _NAME.match(name) or ".." in name or name != name.strip():
        raise InvalidValue(Code.NAME_UNUSABLE, name=name)
    if len(name.encode()) > _NAME_BYTES:
        raise InvalidValue(Code.NAME_TOO_LONG, name=name, limit=_NAME_BYTES)
    return name


def check_job_id(job_id: str) -> JobId:
    """Return a job id if it is safe in a Redis key and in a path.

    Raises:
        InvalidValue: it has other characters than letters, digits, '.', '_', '-', or more than 128.
    """
    if not is_job_id(job_id):
        raise InvalidValue(Code.JOB_ID_UNUSABLE, job_id=job_id)
    return JobId(job_id)


def is_job_id(text: str) -> bool:
    """Return True if a job can have this id."""
    return _ID.fullmatch(text) is not None and ".." not in text


def is_scene(kind: str) -> bool:
    """Return True for the kind of items that are scenes."""
    return kind == "render"


def is_film(kind: str) -> bool:
    """Return True for the kind of items that are films."""
    return kind == "stitch"


def check_kind(kind: str) -> str:
    """Return the name of a kind if it is safe in a Redis key, as part of a need.

    Raises:
        InvalidValue: it has other characters than letters, digits, '.', '_', '-', or not 1 to 40.
    """
    if not _KIND.fullmatch(kind):
        raise InvalidValue(Code.KIND_UNUSABLE, kind=kind)
    return kind


def check_title(title: str) -> str:
    """Return a title if it can be drawn, and written into a file's metadata.

    Raises:
        InvalidValue: it has more than 500 characters, control characters, or half a surrogate pair.
    """
    if len(title) > _TITLE_CHARS:
        raise InvalidValue(Code.TITLE_TOO_LONG, limit=_TITLE_CHARS, length=len(title))
    bad = next((char for char in title if unicodedata.category(char) in ("Cc", "Cs")), None)
    if bad is not None:
        raise InvalidValue(Code.TITLE_UNPRINTABLE, character=f"U+{ord(bad):04X}")
    return title


def check_label_name(name: str) -> str:
    """Return a label's name if it is safe in a Redis key and before the "=" of a filter.

    Raises:
        InvalidValue: it has other characters than letters, digits, '.', '_', '/', '-', or more than 64.
    """
    if not _LABEL.fullmatch(name):
        raise InvalidValue(Code.LABEL_NAME_UNUSABLE, name=name)
    return name


def check_label_value(value: str) -> str:
    """Return a label's value if it is one printable line.

    Raises:
        InvalidValue: it has more than 256 characters, control characters, or half a surrogate pair.
    """
    if len(value) > _LABEL_CHARS:
        raise InvalidValue(Code.LABEL_TOO_LONG, limit=_LABEL_CHARS, length=len(value))
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        raise InvalidValue(Code.LABEL_UNPRINTABLE)
    return value


SceneName = Annotated[str, AfterValidator(check_name)]
KindName = Annotated[str, AfterValidator(check_kind)]
Title = Annotated[str, AfterValidator(check_title)]
LabelName = Annotated[str, AfterValidator(check_label_name)]
LabelValue = Annotated[str, AfterValidator(check_label_value)]
Labels = Annotated[dict[LabelName, LabelValue], Field(max_length=_MAX_LABELS)]
