"""Writes docs/settings.md from the settings classes."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from dispatcher.fleets.settings import DockerSettings, FargateSettings
from sceneburst.web.page_settings import PageSettings
from scenequeue.settings import ApiSettings, DispatcherSettings, ProducerSettings, SceneburstSettings, WorkerSettings

TARGET = Path(__file__).with_name("settings.md")
_HEAD = """\
# Settings

All settings are environment variables; a malformed one is named in one clear line, and its value is not printed.
Lists are JSON. AWS's own variables (`AWS_ENDPOINT_URL`, `AWS_REGION`, roles) are boto3's and work unchanged.

This page is generated from the settings classes: `make docs`.
"""


def page() -> str:
    """Return the whole page."""
    shared = set(SceneburstSettings.model_fields)
    enqueueing = set(ProducerSettings.model_fields)
    parts = [
        _HEAD,
        section("Every program", SceneburstSettings, set()),
        section("Producer", ProducerSettings, shared),
        section("HTTP API, besides the producer's", ApiSettings, enqueueing),
        section("Operators' page, besides the producer's", PageSettings, enqueueing),
    ]
    for title, model in (
        ("Dispatcher", DispatcherSettings),
        ("Dispatcher with SCENEBURST_FLEET=fargate", FargateSettings),
        ("Dispatcher with SCENEBURST_FLEET=docker", DockerSettings),
        ("Container worker", WorkerSettings),
    ):
        parts.append(section(title, model, shared))
    return "\n".join(parts)


def section(title: str, model: type[SceneburstSettings], left_out: set[str]) -> str:
    """Format one program's settings as a table."""
    rows = [f"## {title}", "", "| variable | default | meaning |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if name not in left_out:
            rows.append(f"| `SCENEBURST_{name.upper()}` | {default_of(field)} | {field.description} |")
    return "\n".join([*rows, ""])


def default_of(field: FieldInfo) -> str:
    """Format the default as it would be written in the environment."""
    if field.is_required():
        return "needed"
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return "–" if value is None or value in ([], {}, "") else f"`{value}`"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
