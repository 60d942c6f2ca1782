"""The wheel as people install it: every program starts, and a scene becomes a video."""

import json
import os
import re
import urllib.request
from collections.abc import Callable

import pytest

from tests.support.waiting import wait_until
from tests.wheel.conftest import ROOT, Install
from tests.wheel.installed import Installed
from tests.wheel.interpreters import find_python

_MEDIA = ROOT / "examples" / "media"
_SCENE = {"name": "waves", "image": str(_MEDIA / "waves.jpg"), "audio": str(_MEDIA / "waves.mp3")}
_ENQUEUE = f"""
from sceneburst import Producer
from producer.requests.profile import BUILT_IN, profile_options
assert [profile_options(name)[1] for name in BUILT_IN] == [[], [], []]
with Producer() as producer:
    job = producer.submit_scenes([{_SCENE}], output="by-hand", options={{"resolution": "360p"}}, job_id="by-hand")
    print(job.status().counts.total)
"""


def _command_line(installed: Installed) -> None:
    for words in (["--help"], ["--version"], ["version", "--json"], ["queue"], ["acl"]):
        ended = installed.run("sceneburst", *words)
        assert (ended.returncode, ended.stderr) == (0, ""), words


def _dispatcher(installed: Installed) -> None:
    """It ticks on a queue that is empty."""
    with installed.running("python", "-m", "dispatcher", SCENEBURST_NAMESPACE="idle", SCENEBURST_LOG_LEVEL="debug") as program:
        alive = installed.work / "alive"
        wait_until(lambda: program.poll() is not None or alive.exists(), "it has ticked", 60)
        alive.unlink()
        wait_until(lambda: program.poll() is not None or alive.exists(), "it has ticked again", 60)
        assert program.poll() is None, installed.log.read_text()


def _worker(installed: Installed) -> None:
    """It finds nothing to do, and leaves."""
    ended = installed.run("python", "-m", "container_worker", SCENEBURST_NAMESPACE="idle", SCENEBURST_IDLE_TIMEOUT_S="0.2")
    assert ended.returncode == 0, ended.stderr


def _api(installed: Installed) -> None:
    """It listens, and answers."""
    settings = {"SCENEBURST_API_PORT": "0", "SCENEBURST_API_OPEN": "true"}
    with installed.running("python", "-m", "sceneburst.http_api", **settings) as program:
        told = wait_until(lambda: program.poll() is not None or installed.said("api listens"), "it listens", 60)
        assert isinstance(told, dict), installed.log.read_text()
        with urllib.request.urlopen(f"{told['url']}/healthz", timeout=10) as answer:
            assert answer.status == 200


def _page(installed: Installed) -> None:
    """It listens, and answers."""
    with installed.running("python", "-m", "sceneburst.page", SCENEBURST_PAGE_PORT="0") as program:
        told = wait_until(lambda: program.poll() is not None or installed.said("page listens"), "it listens", 60)
        assert isinstance(told, dict), installed.log.read_text()
        with urllib.request.urlopen(f"{told['url']}/healthz", timeout=10) as answer:
            assert answer.status == 200


#: What starts with which extra, and how it is called.
_PROGRAMS: dict[str, tuple[Callable[[Installed], None], list[str]]] = {
    "console": (_command_line, ["sceneburst", "queue"]),
    "dispatcher": (_dispatcher, ["python", "-m", "dispatcher"]),
    "worker": (_worker, ["python", "-m", "container_worker"]),
    "api": (_api, ["python", "-m", "sceneburst.http_api"]),
    "page": (_page, ["python", "-m", "sceneburst.page"]),
}
#: The extra `page` installs all that the HTTP API needs.
_INCLUDED = {"page": "api"}
#: Every set of extras that is documented, and each extra alone. `all` is tried on each Python.
_SETS = ["", *_PROGRAMS, "api,console", "worker,dispatcher,api,page"]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_with_all_everything_runs(version: str, install: Install) -> None:
    """One scene by `render`, and one through a dispatcher that was started by hand and launches its worker."""
    python = find_python(version)
    if python is None:
        assert version != "3.11" or "CI" not in os.environ, "the oldest Python that is supported must be tested"
        pytest.skip(f"there is no Python {version} on this machine")
    installed = install("all", python)
    for start, _ in _PROGRAMS.values():
        start(installed)
    (installed.work / "job.json").write_text(json.dumps({"options": {"resolution": "360p"}, "scenes": [_SCENE]}))
    ended = installed.run("sceneburst", "render", "job.json", "--output", "rendered", "--json")
    assert ended.returncode == 0, ended.stderr
    _enqueue(installed)
    with installed.running("sceneburst", "dispatcher"):
        ended = installed.run("sceneburst", "watch", "by-hand")
        assert ended.returncode == 0, ended.stderr + installed.log.read_text()
    for folder in ("rendered", "by-hand"):
        assert (installed.work / folder / "waves.mp4").stat().st_size > 10_000


@pytest.mark.parametrize("extras", _SETS)
def test_with_a_part_of_it_that_part_runs(extras: str, install: Install) -> None:
    """An application enqueues with each; a program runs, or names the extra that it lacks in one line."""
    installed = install(extras)
    _enqueue(installed)
    given = {each for extra in extras.split(",") for each in (extra, _INCLUDED.get(extra, extra))}
    for extra, (start, argv) in _PROGRAMS.items():
        if extra in given:
            start(installed)
            continue
        ended = installed.run(*argv)
        assert ended.returncode == 2, argv
        assert ended.stderr.count("\n") == 1
        assert f"pip install 'sceneburst[{extra}]'" in ended.stderr


def test_every_documented_set_of_extras_is_tried() -> None:
    """As README, docs and the image install it."""
    texts = [ROOT / "README.md", ROOT / "deploy" / "Dockerfile", *(ROOT / "docs").glob("*.md")]
    found = {extras for text in texts for extras in re.findall(r"pip install[^\n]*'\.\[([a-z,]+)\]'", text.read_text())}
    assert found <= {*_SETS, "all"}
    assert "all" in found


def test_where_no_wheel_brings_a_redis_server_the_debian_package_is_named(install: Install) -> None:
    """From Python 3.13 on."""
    python = find_python("3.13")
    if python is None:
        pytest.skip("there is no Python 3.13 on this machine")
    installed = install("all", python)
    (installed.work / "job.json").write_text(json.dumps({"scenes": [_SCENE]}))
    ended = installed.run("sceneburst", "render", "job.json", PATH=str(installed.bin))
    assert ended.returncode == 3
    assert "apt-get install redis-server" in ended.stderr
    assert "Traceback" not in ended.stderr


def _enqueue(installed: Installed) -> None:
    ended = installed.run("python", "-c", _ENQUEUE)
    # It warns where no dispatcher acts.
    assert (ended.returncode, ended.stdout.strip()) == (0, "1"), ended.stderr
