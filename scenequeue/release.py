"""The version of Sceneburst that is installed."""

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """As the package says; "0" where it runs without being installed."""
    try:
        return version("sceneburst")
    except PackageNotFoundError:
        return "0"
