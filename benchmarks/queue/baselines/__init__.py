"""One file per queue with its producer and its worker command. Each runs in a virtual environment of its own."""
