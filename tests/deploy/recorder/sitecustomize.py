"""Writes down every API call that this program makes of AWS; Python runs this first, as its folder is on PYTHONPATH.

One JSON line a call, in the folder RECORDED_CALLS: which program, service and operation, and the parameters that say what
it was about. boto3's calls are told by botocore's own event; that of ECS's agent, which calls in a worker's name, is seen
where it is asked.
"""

import http.client
import json
import os
import sys
from pathlib import Path
from typing import Any

import botocore.session

_TOLD = ("Bucket", "Key", "Prefix", "Delete", "cluster", "task", "tasks", "taskDefinition", "tags")


def _write(service: str, operation: str, parameters: dict[str, Any]) -> None:
    program = os.environ.get("RECORDED_AS") or Path(sys.argv[0]).parent.name
    line = {"program": program, "service": service, "operation": operation, "parameters": parameters}
    with Path(os.environ["RECORDED_CALLS"], f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _on_call(params: dict[str, Any], model: Any, **_more: Any) -> None:
    told = {name: params[name] for name in _TOLD if name in params}
    _write(model.service_model.service_name, model.name, told)


_init, _request = botocore.session.Session.__init__, http.client.HTTPConnection.request


def _recording_init(self: Any, *args: Any, **named: Any) -> None:
    _init(self, *args, **named)
    self.register("before-parameter-build", _on_call)


def _recording_request(self: Any, method: str, url: str, *args: Any, **named: Any) -> None:
    if url.endswith("/task-protection/v1/state"):
        _write("ecs", "UpdateTaskProtection", {"tasks": [url.split("/")[2]]})
    _request(self, method, url, *args, **named)


if "RECORDED_CALLS" in os.environ:
    botocore.session.Session.__init__ = _recording_init  # type: ignore[method-assign]
    http.client.HTTPConnection.request = _recording_request  # type: ignore[method-assign]
