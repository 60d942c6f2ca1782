"""The views of jobs: the list, and one job with its stages, items, files and acts."""
