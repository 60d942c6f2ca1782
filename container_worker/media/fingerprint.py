"""Identifies what an item makes by everything that it depends on."""

import hashlib
import json
from collections.abc import Mapping


def fingerprint_of(facts: Mapping[str, object]) -> str:
    """Return a hash of facts that are JSON data; their order does not matter."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
