"""Files of an item: its inputs and its outputs."""
