"""`sceneburst up`: runs a whole Sceneburst on this machine until it is stopped."""

import json
import os
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sceneburst.codes import Code
from sceneburst.counted import counted
from sceneburst.exit_codes import when_interrupted
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import err, note
from sceneburst.terminal.usage import RefusedWord
from scenequeue.start import find_missing, require

if TYPE_CHECKING:
    from sceneburst.local.cluster import LocalCluster
    from scenequeue.queue import SceneQueue


class Fleet(StrEnum):
    """The places where `up` runs containers."""

    PROCESS = "process"
    DOCKER = "docker"


#: The image that `make image` builds.
_IMAGE = "sceneburst"
_OPTION_NAMES = {"max_containers": "--containers", "worker_slots": "--slots"}
#: Seconds between two updates of the display.
_UPDATE_S = 1.0
_START_LOOK_S = 0.05


def up(
    roots: Annotated[
        list[Path] | None,
        typer.Option("--root", help="Folder that scenes may read and write; repeatable. Else the current one.", file_okay=False),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder that keeps the queue between runs; else it is not kept.", file_okay=False)
    ] = None,
    containers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Maximum number of containers; else one per core.")
    ] = None,
    fleet: Annotated[Fleet, typer.Option(help="Where containers run: processes, or a Docker or Podman engine.")] = Fleet.PROCESS,
    image: Annotated[str | None, typer.Option(help=f"Image of the containers, with --fleet docker; else {_IMAGE}.")] = None,
    slots: Annotated[int | None, typer.Option(min=1, max=64, help="Scenes that a container renders at once; else 1.")] = None,
    redis_port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1 for the queue's Redis; 0 for any free one.")
    ] = 0,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1 for the page; else 8080 or, if taken, a free one.")
    ] = None,
) -> None:
    """Run Redis, a dispatcher, containers and the page here until Ctrl-C; containers start with the work and leave after it.

    Other terminals and programs find it by the SCENEBURST_REDIS_URL that is printed, password included. Settings of the
    environment (SCENEBURST_POLICY, SCENEBURST_IDLE_TIMEOUT_S, …) hold for the dispatcher and the containers too, unless an
    option says otherwise; a warning names those that cannot hold here. The printed http:// address opens the page, signed in.
    """
    require("dispatcher", "worker")
    from container_worker.media.ffmpeg import find_ffmpeg
    from sceneburst.local.cluster import LocalCluster
    from scenequeue.queue import SceneQueue
    from scenequeue.settings import DispatcherSettings, SceneburstSettings

    given: dict[str, int] = {}
    if containers is not None:
        given["max_containers"] = containers
    if slots is not None:
        given["worker_slots"] = slots
    settings = DispatcherSettings.load(_OPTION_NAMES, **given)
    if fleet is Fleet.PROCESS:
        if image is not None:
            raise RefusedWord(Code.IMAGE_OF_PROCESSES, "--image")
        find_ffmpeg()
    for root in roots or []:
        # Outputs create their folder; a mistyped input folder would only show when scenes are refused.
        if not root.is_dir():
            note(f"warning: --root: there is no folder {root} yet", "yellow")
    allowed = [root.resolve() for root in roots or [Path()]]
    most = settings.max_containers if "max_containers" in settings.model_fields_set else os.cpu_count() or 1
    at_once = settings.worker_slots or 1
    engine_image = (image or _IMAGE) if fleet is Fleet.DOCKER else None
    kept = data.resolve() if data else None
    # Processes cost nothing, so use all cores as soon as there is a scene for each.
    batch = {} if "scenes_per_batch" in settings.model_fields_set else {"SCENEBURST_SCENES_PER_BATCH": str(at_once)}
    with (
        when_interrupted(f"nothing was left running; {queue_text(kept)}"),
        LocalCluster(
            allowed, containers=most, slots=at_once, environment=batch, image=engine_image, folder=kept, redis_port=redis_port
        ) as cluster,
    ):
        for variable, option in cluster.overruled:
            note(f"warning: {variable} does not hold here; {f'{option} does' if option else '`up` has its own'}", "yellow")
        queue = SceneQueue(SceneburstSettings.load(redis_url=cluster.url, namespace=cluster.namespace))
        _wait_until_it_acts(queue, cluster.check)
        told = {
            "SCENEBURST_REDIS_URL": cluster.tcp_url,
            "SCENEBURST_NAMESPACE": cluster.namespace,
            "SCENEBURST_FILE_ROOTS": json.dumps([str(root) for root in allowed]),
        }
        for name, value in told.items():
            print(f"export {name}={shlex.quote(value)}", flush=True)
        with _page(cluster, queue, allowed, port):
            note("up: `sceneburst submit MANIFEST` enqueues, `sceneburst queue` looks; Ctrl-C stops all")
            _watch(queue, cluster.check)


@contextmanager
def _page(cluster: "LocalCluster", queue: "SceneQueue", roots: Sequence[Path], port: int | None) -> Iterator[None]:
    """Run the page, and print an address that opens it once, signed in; without the extra `page`, say so and go on."""
    if missing := find_missing(["page"]):
        note(f"no page: {missing.text}")
        yield
        return
    from sceneburst.local.page import LocalPage
    from sceneburst.page.entry.routes import offer_link

    with LocalPage(cluster.url, cluster.namespace, roots, port, cluster.log.with_name("page.log")) as page:
        print(offer_link(queue, page.url, operator_name()), flush=True)
        yield


def queue_text(kept: Path | None) -> str:
    """Describe what happens to the queue when `up` ends.

    Args:
        kept: the folder of --data; None without the option.
    """
    if kept is None:
        return "its queue is gone, with the jobs on it: --data FOLDER keeps one"
    return f"its queue is kept in {kept}"


def _wait_until_it_acts(queue: "SceneQueue", check: Callable[[], None]) -> None:
    """Wait for the dispatcher's first plan, which tells submitters the paths that its containers can read and write."""
    with err.status("starting"):
        check()
        # A queue that was kept may hold the plan of a dispatcher before.
        before = queue.inspect.plan()
        while queue.inspect.plan() in (None, before):
            time.sleep(_START_LOOK_S)
            check()


def _watch(queue: "SceneQueue", check: Callable[[], None]) -> None:
    """Print the state of the queue, and the reason if nothing moves, whenever it changes; never returns."""
    from scenequeue.jobs.waiting_reason import PASSING

    said = waits = ""
    with err.status("idle") as status:
        while True:
            check()
            counts = queue.inspect.depth().counts
            alive = [record for record in queue.inspect.containers() if not record.has_ended]
            waiting = f"{counts.ready} ready, {counts.leased} in flight, {counts.delayed} delayed"
            line = f"{waiting}, {counts.dead} dead, {counts.done} done; {counted(len(alive), 'container')}"
            if line != said:
                said = line
                status.update(line)
                if not err.is_terminal:
                    note(line)
            reason = queue.inspect.stands_still_because(counts)
            told = reason.text if reason and reason.code not in PASSING else ""
            if told != waits:
                waits = told
                if waits:
                    note(f"nothing moves: {waits}")
            time.sleep(_UPDATE_S)
