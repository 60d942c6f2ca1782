"""Rules that find troubles: pure functions of the facts."""
