"""Names of the files that the child and the worker exchange."""

SOURCE = "source"
FACTS = "facts.json"
PACKETS = "packets.bin"
