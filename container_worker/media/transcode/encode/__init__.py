"""Encodes one segment of a source to all its renditions, in a child process."""
