"""Roles, keys and sessions of those who use the page and the HTTP API."""
