"""The views of the containers, and of one of them."""
