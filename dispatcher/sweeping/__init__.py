"""Removes what jobs leave in storages."""
