"""The queues to compare with: one file each, with producer and worker command, run in its own virtual environment."""
