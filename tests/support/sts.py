"""A role to assume: sets AWS_ROLE_ARN, and records or refuses the calls to STS."""

from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/render"


def watch_sts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Assume ROLE from now on; returns the list of requests to assume it, which STS answers."""
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    asked: list[dict[str, Any]] = []
    real = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "AssumeRole":
            asked.append(parameters)
        return real(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return asked


def refuse_role(monkeypatch: pytest.MonkeyPatch, code: str = "AccessDenied") -> None:
    """Have STS refuse ROLE."""
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    real = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "AssumeRole":
            raise ClientError({"Error": {"Code": code, "Message": "not you"}}, operation)
        return real(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
