"""`python -m container_worker.media.film` is the child that stitches rendered scenes to one film."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.film.child import make

if __name__ == "__main__":
    exit_with(lambda: run(make))
