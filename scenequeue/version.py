"""The installed version of Sceneburst."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return the package's version; "0" if it runs without being installed."""
    try:
        return version("sceneburst")
    except PackageNotFoundError:
        return "0"
