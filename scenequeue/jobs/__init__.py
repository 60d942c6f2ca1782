"""Plain data types of the queue; imports no other part."""
