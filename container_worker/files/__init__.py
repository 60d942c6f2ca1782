"""Files of an item: what is fetched for it, and what it delivers."""
