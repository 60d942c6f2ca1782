"""Makes the outcome of a check."""

from container_worker.codes import Code
from scenequeue.jobs.transcode.verification import Check, CheckDetail


def passed(name: str, rendition: str, code: Code, **found: float | str) -> Check:
    """Return a check that holds."""
    return Check(name=name, rendition=rendition, ok=True, detail=_detail(rendition, code, found))


def failed(name: str, rendition: str, code: Code, **found: float | str) -> Check:
    """Return a check that does not hold."""
    return Check(name=name, rendition=rendition, ok=False, detail=_detail(rendition, code, found))


def _detail(rendition: str, code: Code, found: dict[str, float | str]) -> CheckDetail:
    return CheckDetail(code=str(code), parameters={"rendition": rendition, **found})
