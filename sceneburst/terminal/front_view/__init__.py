"""The front view in a terminal: as lines, and again every second."""
