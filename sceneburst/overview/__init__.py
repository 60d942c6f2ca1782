"""The front view as data: what is stuck and why, what it costs, and the numbers, for the page and the terminal alike."""
