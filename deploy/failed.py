"""The error of `deploy/up` and `deploy/down`, printed as one line."""


class Failed(Exception):
    """A step failed; the message says what was wrong and what to do."""
