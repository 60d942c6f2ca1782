"""One file per queue system: how it enqueues, and how its worker is started. Each runs in a venv of its own."""
