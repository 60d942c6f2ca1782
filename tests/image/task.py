"""A task of the simulated ECS: runs one container of the image until it ends."""

import os
import signal
import sys
from types import FrameType

from dispatcher.fleet import SIZES, LaunchRequest
from dispatcher.fleets.docker.fleet import DockerFleet
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Reason
from tests.image.program import state_of
from tests.support.waiting import wait_until

_MAX_LIFE_S = 300


def main() -> int:
    """The container's exit code; SIGTERM is passed on."""
    fleet = DockerFleet.from_environment()
    told = {name: text for name, text in os.environ.items() if name.startswith(("SCENEBURST_", "AWS_", "ECS_"))}
    own = {name: text for name, text in told.items() if not name.startswith("SCENEBURST_DOCKER_")}
    (launched,) = fleet.launch([LaunchRequest(ContainerId(own["SCENEBURST_CONTAINER_ID"]), SIZES[1], batch=1, environment=own)])
    assert launched.error is None, launched.error

    def stop(_number: int, _frame: FrameType | None) -> None:
        fleet.stop(launched.handle, Reason("the task is stopped"))

    signal.signal(signal.SIGTERM, stop)
    wait_until(lambda: not state_of(fleet, launched.handle)["Running"], "the container has ended", _MAX_LIFE_S)
    return int(state_of(fleet, launched.handle)["ExitCode"])


if __name__ == "__main__":
    sys.exit(main())
