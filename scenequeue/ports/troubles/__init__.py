"""Troubles that the queue itself knows: work that takes too long, callbacks that fail."""
