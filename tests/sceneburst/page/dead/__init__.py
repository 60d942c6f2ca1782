"""The views of dead letters."""
