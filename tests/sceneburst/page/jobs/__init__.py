"""The views of jobs."""
