"""Settings that the options --redis-url and --namespace override."""

from typing import Any

#: Settings that options override, with the names of the options.
GIVEN_AS = {"redis_url": "--redis-url", "namespace": "--namespace"}


def overrides_from(redis_url: str | None, namespace: str | None) -> dict[str, Any]:
    """Return the settings that the command line overrides."""
    from pydantic import SecretStr

    named: dict[str, Any] = {}
    if redis_url is not None:
        named["redis_url"] = SecretStr(redis_url)
    if namespace is not None:
        named["namespace"] = namespace
    return named
