"""Names of the files that the child and the worker exchange."""

SOURCE = "source"
FACTS = "facts.json"
PACKETS = "packets.bin"
#: Spans of a file with holes that are needed, too; then there may be no facts.
MISSING = "missing.json"
