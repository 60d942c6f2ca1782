"""Names: the ids of what is on the queue, and which names of a caller's are safe as a file's name, a key or a title."""

import re
import unicodedata
from typing import Annotated, NewType

from pydantic import AfterValidator, Field

from scenequeue.quoted import quoted

#: An item id is "<stage>-<index>", both counted from 0 in the caller's order.
ItemId = NewType("ItemId", str)
JobId = NewType("JobId", str)
LeaseToken = NewType("LeaseToken", str)
ContainerId = NewType("ContainerId", str)

_NAME = re.compile(r"^[\w][\w .+@=-]{0,119}$")
#: With an ending and a prefix a file's name may have 255.
_NAME_BYTES = 220
#: More fits on no title card, and no player shows it.
_TITLE_CHARS = 500
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_LABEL_CHARS = 256
#: A filter by label is an index per pair, so a job has few.
_MAX_LABELS = 16
_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")


def check_name(name: str) -> str:
    """A scene's name, if it can be a file's name and nothing else: no path parts, no control characters.

    Raises:
        ValueError: it is empty, too long (120 characters, 220 bytes), starts with a dot or holds a separator.
    """
    if not _NAME.match(name) or ".." in name or name != name.strip():
        raise ValueError(f"{quoted(name)} is not a usable name: letters, digits, space and . _ + @ = - only, 1 to 120, no '..'")
    if len(name.encode()) > _NAME_BYTES:
        raise ValueError(f"{quoted(name)} is not a usable name: more than {_NAME_BYTES} bytes in UTF-8")
    return name


def check_job_id(job_id: str) -> JobId:
    """A job id that is safe in a Redis key and in a path.

    Raises:
        ValueError: it has other characters than letters, digits, '.', '_', '-', or more than 128.
    """
    if not is_job_id(job_id):
        raise ValueError(f"{quoted(job_id)} is not a usable job id: letters, digits, '.', '_' and '-' only, 1 to 128")
    return JobId(job_id)


def is_job_id(text: str) -> bool:
    """True if a job can have this id."""
    return _ID.fullmatch(text) is not None and ".." not in text


def check_title(title: str) -> str:
    """A title that can be drawn, and be written into a file's metadata.

    Raises:
        ValueError: it has more than 500 characters, control characters, or half a surrogate pair.
    """
    if len(title) > _TITLE_CHARS:
        raise ValueError(f"a title has at most {_TITLE_CHARS} characters, not {len(title)}")
    bad = next((char for char in title if unicodedata.category(char) in ("Cc", "Cs")), None)
    if bad is not None:
        raise ValueError(f"a title has no control characters and no surrogates, such as U+{ord(bad):04X}")
    return title


def check_label_name(name: str) -> str:
    """A label's name, safe in a Redis key and before the "=" of a filter.

    Raises:
        ValueError: it has other characters than letters, digits, '.', '_', '/', '-', or more than 64.
    """
    if not _LABEL.fullmatch(name):
        raise ValueError(f"{quoted(name)} is not a usable label name: letters, digits, '.', '_', '/' and '-' only, 1 to 64")
    return name


def check_label_value(value: str) -> str:
    """A label's value, one line that can be shown.

    Raises:
        ValueError: it has more than 256 characters, control characters, or half a surrogate pair.
    """
    if len(value) > _LABEL_CHARS:
        raise ValueError(f"a label's value has at most {_LABEL_CHARS} characters, not {len(value)}")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        raise ValueError("a label's value has no control characters and no surrogates")
    return value


SceneName = Annotated[str, AfterValidator(check_name)]
Title = Annotated[str, AfterValidator(check_title)]
LabelName = Annotated[str, AfterValidator(check_label_name)]
LabelValue = Annotated[str, AfterValidator(check_label_value)]
Labels = Annotated[dict[LabelName, LabelValue], Field(max_length=_MAX_LABELS)]
