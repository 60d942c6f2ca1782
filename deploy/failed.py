"""How `deploy/up` and `deploy/down` say that something did not go."""


class Failed(Exception):
    """One line that says what was wrong, and what to do."""
