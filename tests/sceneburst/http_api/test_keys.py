"""`sceneburst api-key` makes keys that the API accepts."""

import json
import subprocess
import sys

from sceneburst.access.secrets import hash_of


def test_the_command_line_makes_keys_that_open() -> None:
    """The key is for its owner, the hash for the settings."""
    done = subprocess.run(
        [sys.executable, "-m", "sceneburst", "api-key", "shop", "--json"], capture_output=True, text=True, check=True
    )
    made = json.loads(done.stdout)
    assert (made["name"], hash_of(made["key"])) == ("shop", made["sha256"])
    plain = [sys.executable, "-m", "sceneburst", "api-key", "shop"]
    shown = subprocess.run(plain, capture_output=True, text=True, check=True).stdout
    key, keys = (line.split(maxsplit=1)[1] for line in shown.splitlines())
    assert json.loads(keys) == {"shop": hash_of(key)}
    bad = subprocess.run([sys.executable, "-m", "sceneburst", "api-key", "a b"], capture_output=True, text=True, check=False)
    assert bad.returncode == 2
