"""Files that the page serves."""
