"""Serves the files that items have made to signed-in viewers, and no other files."""
