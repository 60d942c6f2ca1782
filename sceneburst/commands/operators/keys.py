"""`sceneburst api-key`: makes a key for the HTTP API."""

import json
from typing import Annotated

import typer

from sceneburst.terminal.screen import JsonFlag, note, print_json


def api_key(
    name: Annotated[str, typer.Argument(help="Name of its owner; letters, digits and . _ - only.")] = "default",
    as_json: JsonFlag = False,
) -> None:
    """Make a key for the HTTP API; it is shown once, and only its hash goes into the settings."""
    from sceneburst.http_api.auth import fresh_key, hash_of
    from scenequeue.settings import ApiSettings

    key = fresh_key()
    keys = ApiSettings.load(api_keys={name: hash_of(key)}).api_keys
    if as_json:
        print_json({"name": name, "key": key, "sha256": keys[name]})
        return
    print(f"key                  {key}")
    print(f"SCENEBURST_API_KEYS  {json.dumps(keys)}")
    note("give the key to its owner, add the second to the settings; the key cannot be shown again", "dim")
