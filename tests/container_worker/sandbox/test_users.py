"""Each confined child may have a user of its own."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from container_worker.sandbox.level import Level
from container_worker.sandbox.policy import Policy, confined
from container_worker.sandbox.users import borrowed_uid, hand_over


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each child a user of its own")
def test_a_user_of_its_own_owns_just_its_folder() -> None:
    """Its inputs in there stay the worker's, files of others are closed to it, and few processes are allowed."""
    with tempfile.TemporaryDirectory(dir="/tmp") as parent, borrowed_uid(True) as uid:
        Path(parent).chmod(0o755)
        own, secret = Path(parent, "own"), Path(parent, "secret")
        own.mkdir(mode=0o700)
        (own / "input").touch(0o600)
        secret.touch(0o600)
        hand_over(own, uid)
        script = f"id -u; id -g; echo mine > made; cat {secret} input; echo no > input; grep 'Max processes' /proc/self/limits"
        policy = Policy(Level.UID, own, uid=uid, has_landlock=False)
        argv = confined(["/bin/sh", "-c", script], policy=policy)
        ran = subprocess.run(argv, cwd=own, capture_output=True, text=True, check=False)
        assert ran.stdout.split()[:2] == [str(uid)] * 2
        assert ran.stdout.splitlines()[-1].split()[:4] == ["Max", "processes", "512", "512"]
        assert (own / "made").stat().st_uid == uid
        assert ran.stderr.count("Permission denied") == 2, ran.stderr


def test_users_of_their_own_are_lent_to_one_child_at_a_time() -> None:
    """And to none where none is wanted."""
    with borrowed_uid(True) as first, borrowed_uid(True) as second, borrowed_uid(False) as none:
        assert first != second
        assert none is None
