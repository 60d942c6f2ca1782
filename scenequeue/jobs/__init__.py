"""Plain data that travels through the queue; depends on nothing."""
