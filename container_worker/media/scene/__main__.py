"""`python -m container_worker.media.scene` is the child that renders one scene."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.request import RenderRequest
from container_worker.media.scene.child import render

if __name__ == "__main__":
    exit_with(lambda: run(lambda data: render(RenderRequest.from_json(data))))
