"""Verifies the files and playlists of a ladder."""
