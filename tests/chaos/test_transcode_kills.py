"""SIGKILL of workers at any moment of a transcoding: the same files come out, and only what was in hand is done again.

`make transcode-kills` does it twenty times.
"""

import hashlib
import itertools
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from chaos.judge.history import violations
from container_worker.exit_codes import Exit
from producer import JobHandle, Producer
from scenequeue.jobs.job import JobEvent, JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.conftest import S3
from tests.container_worker.conftest import start_worker
from tests.support.numbered_clips.making import encode
from tests.support.reasons import said
from tests.support.waiting import wait_until

__all__ = ["start_worker"]
Start = Callable[..., subprocess.Popen[bytes]]
_ROUNDS = int(os.environ.get("SCENEBURST_TRANSCODE_KILLS", "1"))
_FRAMES, _WORKERS, _KILLS = 150, 2, 2
#: A ladder, stills, and two renditions, of a source that is read by ranges.
_OPTIONS = {"renditions": ["360p", "240p"], "segment_s": 1, "hls": True, "poster": True, "sprites": True}
#: Says how long each stage took, which differs from run to run.
_REPORT = "report.json"


@dataclass
class Fleet:
    """Workers, one of which is killed now and then; another takes its place."""

    queue: SceneQueue
    start: Start
    #: No container has the name of an earlier one.
    names: Iterator[str]
    running: dict[str, subprocess.Popen[bytes]]

    def fill(self) -> None:
        """Start as many as are missing."""
        while len(self.running) < _WORKERS:
            name = next(self.names)
            self.running[name] = self.start(name, file_roots="[]")

    def kill_one(self, chance: random.Random) -> tuple[str, int]:
        """Kill one that works if there is one, as the dispatcher learns at once; returns its name, and its items in hand."""
        at_work = {str(item.container_id) for item in self.queue.inspect.leased()}
        name = chance.choice(sorted(at_work & self.running.keys() or self.running))
        worker = self.running.pop(name)
        worker.kill()
        worker.wait()
        return name, self.queue.dispatcher.forfeit(name, said("killed"))


@contextmanager
def _fleet(queue: SceneQueue, start: Start, prefix: str) -> Iterator[Fleet]:
    fleet = Fleet(queue, start, (f"{prefix}-{number}" for number in itertools.count()), {})
    fleet.fill()
    yield fleet
    for worker in fleet.running.values():
        worker.terminate()
    assert [worker.wait(60) for worker in fleet.running.values()] == [Exit.DRAINED] * _WORKERS


def _done(events: Sequence[JobEvent]) -> int:
    return sum(event.event == "done" for event in events)


def _wait_for_done(queue: SceneQueue, job_id: str, count: int) -> None:
    wait_until(lambda: _done(list(queue.producer.all_events(job_id))) >= count, f"{count} items are done")


def _run(handle: JobHandle, fleet: Fleet, kill_after: Sequence[int], chance: random.Random) -> dict[str, int]:
    """Kill a worker whenever so many items are done; returns how many items each had in hand.

    An item is under way then: the kill comes up to half a second later.
    """
    killed: dict[str, int] = {}
    for count in kill_after:
        _wait_for_done(fleet.queue, handle.job_id, count)
        time.sleep(chance.uniform(0, 0.5))
        name, held = fleet.kill_one(chance)
        killed[name] = held
        fleet.fill()
    status = handle.wait(120)
    assert status.state is JobState.DONE, handle.results()
    return killed


def _names(s3: S3) -> list[str]:
    client = boto3.client("s3", endpoint_url=s3.endpoint_url)
    return [each["Key"] for each in client.list_objects_v2(Bucket=s3.bucket).get("Contents", ())]


def _objects(s3: S3) -> dict[str, str]:
    """Name of each object -> digest of its bytes."""
    client = boto3.client("s3", endpoint_url=s3.endpoint_url)
    bodies = {key: client.get_object(Bucket=s3.bucket, Key=key)["Body"].read() for key in _names(s3)}
    return {key: hashlib.sha256(body).hexdigest() for key, body in bodies.items()}


def _delivered(objects: Mapping[str, str], job_id: str) -> dict[str, str]:
    """Return the objects that a job has delivered, by names within its folder, without the report."""
    prefix = f"{job_id}/"
    names = {key.removeprefix(prefix): digest for key, digest in objects.items() if key.startswith(prefix)}
    return {name: digest for name, digest in names.items() if not name.endswith(_REPORT)}


@pytest.mark.slow
def test_whenever_workers_are_killed_the_same_files_come_out(
    queue: SceneQueue, redis_url: str, namespace: str, s3: S3, start_worker: Start, tmp_path: Path
) -> None:
    """Two kills a job, in any stage: each item is done once, only what was in hand is done again, no file is left over."""
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, inputs=f"{s3.uri}/inputs")
    source = encode(tmp_path / "film.mp4", _FRAMES, size=(640, 360))

    def finish(job_id: str, kill_after: Sequence[int], chance: random.Random) -> tuple[dict[str, int], list[JobEvent]]:
        with Producer(settings=settings) as producer, _fleet(queue, start_worker, job_id) as fleet:
            handle = producer.submit_transcode(source, output=f"{s3.uri}/{job_id}", job_id=job_id, options=_OPTIONS)
            killed = _run(handle, fleet, kill_after, chance)
            wait_until(lambda: not any("/.sceneburst/" in key for key in _names(s3)), "the working files were deleted")
            return killed, list(queue.producer.all_events(job_id))

    _, events = finish("whole", (), random.Random(0))
    items, whole = _done(events), _delivered(_objects(s3), "whole")
    assert items > _FRAMES / 25
    assert len(whole) >= 5
    for number in range(_ROUNDS):
        job_id, chance = f"killed-{number}", random.Random(number)
        kill_after = sorted(chance.sample(range(items), _KILLS))
        killed, events = finish(job_id, kill_after, chance)
        objects = _objects(s3)
        assert _delivered(objects, job_id) == whole, (number, kill_after)
        assert violations(job_id, events, queue.producer.results(job_id)) == []
        leased = Counter(event.item_id for event in events if event.event == "leased")
        again = {item: count - 1 for item, count in leased.items() if count > 1}
        assert sum(again.values()) == sum(killed.values()), (number, kill_after, killed, again)
        assert {key.partition("/")[0] for key in objects} <= {"inputs", "whole", *(f"killed-{n}" for n in range(number + 1))}
        print(f"round {number}: killed after {kill_after} of {items} items, in hand {list(killed.values())}: the same files")
