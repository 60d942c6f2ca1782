"""A worker in a thread that speaks the queue's real protocol and writes a few bytes where a video belongs."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.item import Lease
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.storages.uri import UriStorage
from tests.support.reasons import said


def made(lease: Lease, storage: UriStorage, folder: Path) -> ItemResult:
    """Put a "video" at the lease's output, and say so."""
    source = folder / f"{lease.item_id}.mp4"
    source.write_bytes(f"video of {lease.item.name}".encode())
    output = lease.item.payload["output"]
    stored = storage.put(source, output, metadata={"fingerprint": "f"}, content_type="video/mp4")
    return ItemResult(
        item_id=lease.item_id,
        name=lease.item.name,
        state="done",
        output=output,
        duration_s=1.0,
        bytes=stored.bytes,
        processing_s=2.0,
        attempts=lease.attempt,
        container="c1",
        details={"sha256": hashlib.sha256(source.read_bytes()).hexdigest()},
    )


@contextmanager
def working(
    queue: SceneQueue, storage: UriStorage, folder: Path, *, spoil: Callable[[Lease], None] | None = None
) -> Iterator[None]:
    """Serve the queue until the block ends. A scene called "bad" fails for good; `spoil` runs after each that was made."""
    folder.mkdir(exist_ok=True)
    stop = threading.Event()
    record = ContainerRecord(container_id=ContainerId("c1"), vcpu=2.0, memory_mib=4096, started_ms=queue.inspect.now_ms())

    def serve() -> None:
        queue.worker.beat(record)
        while not stop.is_set():
            for lease in queue.worker.lease("c1", 10):
                if lease.item.name == "bad":
                    queue.worker.fail("c1", lease, "BadInput", said("image: not a picture"), transient=False)
                    continue
                result = made(lease, storage, folder)
                if spoil:
                    spoil(lease)
                queue.worker.ack("c1", [(lease, result)])
            queue.worker.wait_for_work(0.1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
