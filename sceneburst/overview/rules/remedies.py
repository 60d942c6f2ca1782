"""Chooses what to do about an error of items, by its class and code."""

from collections.abc import Mapping

from sceneburst.overview.codes import Code
from scenequeue.reasons import LAST_LINES, Code as QueueCode, Reason

#: By class of the error; see scenequeue/errors.py, and ItemErrorRecord for those of the queue itself.
_BY_CLASS: Mapping[str, Code] = {
    "BadInput": Code.DO_CORRECT_INPUT,
    "ContainerLost": Code.DO_LOOK_AT_LOG,
    "DiskFull": Code.DO_FREE_SCRATCH,
    "LeaseExpired": Code.DO_LOOK_AT_LOG,
    "LimitExceeded": Code.DO_RAISE_LIMITS,
    "MessageLost": Code.DO_KEEP_KEYS,
    "ObjectNotFound": Code.DO_PUT_FILES,
    "StorageDenied": Code.DO_ALLOW_ACCESS,
    "StorageUnavailable": Code.DO_MEND_STORAGE,
    "ToolFailed": Code.DO_LOOK_AT_TOOL,
}
#: S3's answer for a bucket that does not exist.
_NO_BUCKET = "NoSuchBucket"


def remedy_for(error: str, problem: Reason, container_id: str = "") -> Reason:
    """Return what to do about an error.

    Args:
        error: class of the error.
        problem: its reason.
        container_id: the container whose attempt failed; "" if unknown.
    """
    if problem.code == QueueCode.BUCKET_MISSING or problem.parameters.get("answer") == _NO_BUCKET:
        return Reason(Code.DO_CREATE_BUCKET)
    code = _BY_CLASS.get(error, Code.DO_SEE_LETTER)
    if code is not Code.DO_LOOK_AT_LOG:
        return Reason(code)
    return Reason(Code.DO_LOOK_AT_LOG, {"container_id": container_id}) if container_id else Reason(Code.DO_SEE_LETTER)


def brief(problem: Reason) -> Reason:
    """Return a reason without the last lines of the program that failed, which a front view has no room for."""
    return Reason(problem.code, {name: value for name, value in problem.parameters.items() if name != LAST_LINES})
